using System.ComponentModel;

namespace KernelGen.Ilgpu;

/// <summary>Launch configuration of gates.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public static class GateLaunch
{
    /// <summary>Warps per thread block. Two suit every token count: one needs more thread blocks to be launched, more wait for each other's end.</summary>
    public const int WarpsPerBlock = 2;

    /// <summary>Shared memory per thread block: the candidates of each warp.</summary>
    internal const int SharedBytes = WarpsPerBlock * Warps.Lanes * sizeof(ulong);
}
