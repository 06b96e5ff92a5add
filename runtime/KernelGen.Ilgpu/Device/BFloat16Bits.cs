using System.ComponentModel;
using System.Runtime.CompilerServices;
using ILGPU;

namespace KernelGen.Ilgpu;

/// <summary>bfloat16 in kernels, which handle it as bits.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public static class BFloat16Bits
{
    /// <summary>The bits of the nearest bfloat16, ties to even; NaN stays NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Of(float value)
    {
        var bits = Interop.FloatAsInt(value);
        if ((bits & 0x7FFF_FFFFu) > 0x7F80_0000u) return (bits >> 16) | 0x40u;
        return (bits + 0x7FFFu + ((bits >> 16) & 1u)) >> 16;
    }
}
