using System.ComponentModel;

namespace KernelGen.Ilgpu;

/// <summary>How many tokens a group of threads routes.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public static class GateLaunch
{
    /// <summary>Warps of a group. Two suit every number of tokens: fewer would take more launches of groups, more would wait for each other's end.</summary>
    public const int WarpsOfGroup = 2;

    /// <summary>Shared memory of a group: the candidates of each warp.</summary>
    internal const int SharedBytes = WarpsOfGroup * Warps.Lanes * sizeof(ulong);
}
