using System.ComponentModel;
using System.Runtime.CompilerServices;

namespace KernelGen.Ilgpu;

/// <summary>Arithmetic on accumulators, which are fp32, or int32 if both factors are integers.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public static class Sums
{
    /// <summary>x · w + sum.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float MultiplyAdd(float x, float w, float sum) => sum + (x * w);

    /// <inheritdoc cref="MultiplyAdd(float, float, float)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int MultiplyAdd(int x, int w, int sum) => sum + (x * w);

    /// <summary>first + second.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Add(float first, float second) => first + second;

    /// <inheritdoc cref="Add(float, float)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Add(int first, int second) => first + second;

    /// <summary>Converts an accumulator to fp32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float ToSingle(float sum) => sum;

    /// <inheritdoc cref="ToSingle(float)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float ToSingle(int sum) => sum;

    /// <summary>Converts a stored number to a factor: an integer for integer accumulators, otherwise fp32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Factor(float number, out float factor) => factor = number;

    /// <inheritdoc cref="Factor(float, out float)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Factor(int number, out float factor) => factor = number;

    /// <inheritdoc cref="Factor(float, out float)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Factor(int number, out int factor) => factor = number;

    /// <summary>For unspecialised kernel templates, like the overloads below; specialised code calls one of those above.</summary>
    public static T MultiplyAdd<T>(T x, T w, T sum)
        where T : unmanaged => throw NoSums<T>();

    /// <inheritdoc cref="MultiplyAdd{T}"/>
    public static T Add<T>(T first, T second)
        where T : unmanaged => throw NoSums<T>();

    /// <inheritdoc cref="MultiplyAdd{T}"/>
    public static float ToSingle<T>(T sum)
        where T : unmanaged => throw NoSums<T>();

    /// <inheritdoc cref="MultiplyAdd{T}"/>
    public static void Factor<T>(float number, out T factor)
        where T : unmanaged => throw NoSums<T>();

    /// <inheritdoc cref="MultiplyAdd{T}"/>
    public static void Factor<T>(int number, out T factor)
        where T : unmanaged => throw NoSums<T>();

    private static NotSupportedException NoSums<T>() => new($"{typeof(T)} is not an accumulator type");
}
