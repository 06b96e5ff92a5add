using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace KernelGen.Numerics;

/// <content>
/// Converts runs of 8-bit floats to fp32. Each of them is also a bfloat16: if the CPU can look up bytes in a table of 128, two
/// tables give its halves.
/// </content>
public static unsafe partial class Simd
{
    // The upper halves of the 128 magnitudes as bfloat16.
    private static ReadOnlySpan<byte> Float8UpperBytes =>
    [
        0x00, 0x3B, 0x3B, 0x3B, 0x3C, 0x3C, 0x3C, 0x3C, 0x3C, 0x3C, 0x3C, 0x3C, 0x3C, 0x3C, 0x3C, 0x3C,
        0x3D, 0x3D, 0x3D, 0x3D, 0x3D, 0x3D, 0x3D, 0x3D, 0x3D, 0x3D, 0x3D, 0x3D, 0x3D, 0x3D, 0x3D, 0x3D,
        0x3E, 0x3E, 0x3E, 0x3E, 0x3E, 0x3E, 0x3E, 0x3E, 0x3E, 0x3E, 0x3E, 0x3E, 0x3E, 0x3E, 0x3E, 0x3E,
        0x3F, 0x3F, 0x3F, 0x3F, 0x3F, 0x3F, 0x3F, 0x3F, 0x3F, 0x3F, 0x3F, 0x3F, 0x3F, 0x3F, 0x3F, 0x3F,
        0x40, 0x40, 0x40, 0x40, 0x40, 0x40, 0x40, 0x40, 0x40, 0x40, 0x40, 0x40, 0x40, 0x40, 0x40, 0x40,
        0x41, 0x41, 0x41, 0x41, 0x41, 0x41, 0x41, 0x41, 0x41, 0x41, 0x41, 0x41, 0x41, 0x41, 0x41, 0x41,
        0x42, 0x42, 0x42, 0x42, 0x42, 0x42, 0x42, 0x42, 0x42, 0x42, 0x42, 0x42, 0x42, 0x42, 0x42, 0x42,
        0x43, 0x43, 0x43, 0x43, 0x43, 0x43, 0x43, 0x43, 0x43, 0x43, 0x43, 0x43, 0x43, 0x43, 0x43, 0x7F,
    ];

    // The lower ones.
    private static ReadOnlySpan<byte> Float8LowerBytes =>
    [
        0x00, 0x00, 0x80, 0xC0, 0x00, 0x20, 0x40, 0x60, 0x80, 0x90, 0xA0, 0xB0, 0xC0, 0xD0, 0xE0, 0xF0,
        0x00, 0x10, 0x20, 0x30, 0x40, 0x50, 0x60, 0x70, 0x80, 0x90, 0xA0, 0xB0, 0xC0, 0xD0, 0xE0, 0xF0,
        0x00, 0x10, 0x20, 0x30, 0x40, 0x50, 0x60, 0x70, 0x80, 0x90, 0xA0, 0xB0, 0xC0, 0xD0, 0xE0, 0xF0,
        0x00, 0x10, 0x20, 0x30, 0x40, 0x50, 0x60, 0x70, 0x80, 0x90, 0xA0, 0xB0, 0xC0, 0xD0, 0xE0, 0xF0,
        0x00, 0x10, 0x20, 0x30, 0x40, 0x50, 0x60, 0x70, 0x80, 0x90, 0xA0, 0xB0, 0xC0, 0xD0, 0xE0, 0xF0,
        0x00, 0x10, 0x20, 0x30, 0x40, 0x50, 0x60, 0x70, 0x80, 0x90, 0xA0, 0xB0, 0xC0, 0xD0, 0xE0, 0xF0,
        0x00, 0x10, 0x20, 0x30, 0x40, 0x50, 0x60, 0x70, 0x80, 0x90, 0xA0, 0xB0, 0xC0, 0xD0, 0xE0, 0xF0,
        0x00, 0x10, 0x20, 0x30, 0x40, 0x50, 0x60, 0x70, 0x80, 0x90, 0xA0, 0xB0, 0xC0, 0xD0, 0xE0, 0xC0,
    ];

    /// <summary>Loads the next four vectors of elements.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void LoadFour(Float8E4M3* source, out Vector512<float> a, out Vector512<float> b, out Vector512<float> c, out Vector512<float> d)
    {
        if (!Avx512Vbmi.IsSupported)
        {
            a = Float8(Ints512((sbyte*)source));
            b = Float8(Ints512((sbyte*)source + 16));
            c = Float8(Ints512((sbyte*)source + 32));
            d = Float8(Ints512((sbyte*)source + 48));
            return;
        }

        // Unpacking twice interleaves four runs of four bytes: the permutation undoes that beforehand.
        var bytes = Avx512F.PermuteVar16x32(Vector512.Load((int*)source), Vector512.Create(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15)).AsByte();
        var upper = Lookup(bytes, ref MemoryMarshal.GetReference(Float8UpperBytes)) | (bytes & Vector512.Create((byte)0x80));
        var lower = Lookup(bytes, ref MemoryMarshal.GetReference(Float8LowerBytes));
        Vector512<short> first = Avx512BW.UnpackLow(lower, upper).AsInt16(), second = Avx512BW.UnpackHigh(lower, upper).AsInt16();
        a = Avx512BW.UnpackLow(Vector512<short>.Zero, first).AsSingle();
        b = Avx512BW.UnpackHigh(Vector512<short>.Zero, first).AsSingle();
        c = Avx512BW.UnpackLow(Vector512<short>.Zero, second).AsSingle();
        d = Avx512BW.UnpackHigh(Vector512<short>.Zero, second).AsSingle();
    }

    /// <inheritdoc cref="LoadFour(Float8E4M3*, out Vector512{float}, out Vector512{float}, out Vector512{float}, out Vector512{float})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void LoadFour(Float8E4M3* source, out Vector256<float> a, out Vector256<float> b, out Vector256<float> c, out Vector256<float> d)
    {
        a = Float8(Ints256((sbyte*)source));
        b = Float8(Ints256((sbyte*)source + 8));
        c = Float8(Ints256((sbyte*)source + 16));
        d = Float8(Ints256((sbyte*)source + 24));
    }

    /// <inheritdoc cref="LoadFour(Float8E4M3*, out Vector512{float}, out Vector512{float}, out Vector512{float}, out Vector512{float})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void LoadFour(Float8E4M3* source, out Vector128<float> a, out Vector128<float> b, out Vector128<float> c, out Vector128<float> d)
    {
        a = Float8(Ints128((sbyte*)source));
        b = Float8(Ints128((sbyte*)source + 4));
        c = Float8(Ints128((sbyte*)source + 8));
        d = Float8(Ints128((sbyte*)source + 12));
    }

    /// <summary>table[number], indexed by the low seven bits of every byte.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<byte> Lookup(Vector512<byte> numbers, ref byte table) =>
        Avx512Vbmi.PermuteVar64x8x2(Vector512.LoadUnsafe(ref table), numbers, Vector512.LoadUnsafe(ref table, 64));
}
