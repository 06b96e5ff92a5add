using System.ComponentModel;
using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Runtime.Cuda;

namespace KernelGen.Ilgpu;

/// <summary>
/// Operations across the 32 lanes of a warp, for kernels. On CUDA, each is one instruction of compute capability 8.0 or later;
/// elsewhere, five shuffles. Every lane must take part.
/// </summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public static class Warps
{
    /// <summary>Number of lanes per warp.</summary>
    public const int Lanes = 32;

    /// <summary>The maximum over all lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Max(uint value)
    {
        if (CudaAsm.IsSupported)
        {
            CudaAsm.Emit("redux.sync.max.u32 %0, %1, 0xffffffff;", out uint result, value);
            return result;
        }

        for (var step = Lanes / 2; step > 0; step /= 2) value = IntrinsicMath.Max(value, Warp.ShuffleXor(value, step));
        return value;
    }

    /// <summary>The minimum over all lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Min(uint value)
    {
        if (CudaAsm.IsSupported)
        {
            CudaAsm.Emit("redux.sync.min.u32 %0, %1, 0xffffffff;", out uint result, value);
            return result;
        }

        for (var step = Lanes / 2; step > 0; step /= 2) value = IntrinsicMath.Min(value, Warp.ShuffleXor(value, step));
        return value;
    }

    /// <summary>The sum over all lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Sum(uint value)
    {
        if (CudaAsm.IsSupported)
        {
            CudaAsm.Emit("redux.sync.add.u32 %0, %1, 0xffffffff;", out uint result, value);
            return result;
        }

        for (var step = Lanes / 2; step > 0; step /= 2) value += Warp.ShuffleXor(value, step);
        return value;
    }

    /// <summary>The exclusive prefix sum: the sum over the lanes before this one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int SumBefore(int value, int lane)
    {
        var sum = value;
        for (var step = 1; step < Lanes; step *= 2)
        {
            var before = Warp.ShuffleUp(sum, step);
            sum += lane >= step ? before : 0;
        }

        return sum - value;
    }

    /// <summary>A bit for each lane whose <paramref name="flag"/> is set.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Ballot(bool flag)
    {
        var bit = flag ? 1u : 0u;
        if (CudaAsm.IsSupported)
        {
            CudaAsm.Emit("{ .reg .pred p; setp.ne.u32 p, %1, 0; vote.sync.ballot.b32 %0, p, 0xffffffff; }", out uint result, bit);
            return result;
        }

        bit <<= Warp.LaneIdx;
        for (var step = Lanes / 2; step > 0; step /= 2) bit |= Warp.ShuffleXor(bit, step);
        return bit;
    }

    /// <summary>The number of bits in a ballot that belong to lanes before this one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int CountBefore(uint ballot, int lane) => IntrinsicMath.PopCount(ballot & ((1u << lane) - 1));

    /// <summary>The sum over all lanes, the same in each, always added in the same order.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(float value)
    {
        for (var step = Lanes / 2; step > 0; step /= 2) value += Warp.ShuffleXor(value, step);
        return value;
    }

    /// <summary>Makes each lane's writes to shared memory visible to all lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Barrier() => Warp.Barrier();

    /// <summary>Forces preceding reads to be issued before the computation that follows; compilers would otherwise delay each read until its first use.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void KeepReadsBefore()
    {
        if (CudaAsm.IsSupported) Warp.Barrier();
    }
}
