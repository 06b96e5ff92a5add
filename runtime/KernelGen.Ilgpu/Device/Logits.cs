using System.ComponentModel;
using System.Runtime.CompilerServices;
using ILGPU;

namespace KernelGen.Ilgpu;

/// <summary>Converts logits of every type to fp32 in kernels.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public static class Logits
{
    /// <summary>An fp32 logit.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float ToSingle(float logit) => logit;

    /// <summary>An fp16 logit.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float ToSingle(ILGPU.Half logit) => logit;

    /// <summary>The bits of a <see cref="BFloat16"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float ToSingle(ushort bits) => Interop.IntAsFloat((uint)bits << 16);

    /// <summary>For unspecialised kernel templates; specialised code calls one of the other overloads.</summary>
    public static float ToSingle<T>(T logit)
        where T : unmanaged => throw new NotSupportedException($"{typeof(T)} is not a logit type");
}
