using System.ComponentModel;
using System.Runtime.CompilerServices;
using ILGPU;

namespace KernelGen.Ilgpu;

/// <summary>Logits of every type in single precision, for kernels.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public static class Logits
{
    /// <summary>A logit that has single precision.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float ToSingle(float logit) => logit;

    /// <summary>A logit of half precision.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float ToSingle(ILGPU.Half logit) => logit;

    /// <summary>The bits of a <see cref="BFloat16"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float ToSingle(ushort bits) => Interop.IntAsFloat((uint)bits << 16);

    /// <summary>For templates that do not know the type yet; specialised code calls one of the others.</summary>
    public static float ToSingle<T>(T logit)
        where T : unmanaged => throw new NotSupportedException($"{typeof(T)} is no type of logits");
}
