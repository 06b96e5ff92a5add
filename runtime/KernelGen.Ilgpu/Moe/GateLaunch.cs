using System.ComponentModel;

namespace KernelGen.Ilgpu;

/// <summary>How many tokens a group of threads routes.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public static class GateLaunch
{
    /// <summary>Most warps of a group.</summary>
    public const int MostWarps = 8;

    /// <summary>Warps of a group where there are more tokens than the device runs at once.</summary>
    internal const int WarpsOfManyTokens = 4;

    /// <summary>Shared memory of a group: the candidates of each warp.</summary>
    internal const int SharedBytes = MostWarps * Warps.Lanes * sizeof(int);
}
