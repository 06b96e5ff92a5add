// As much of ILGPU and of KernelGen.Ilgpu as generated code needs to compile, so that it can be compiled where neither is. Nothing here runs.
#nullable enable

namespace ILGPU
{
    public static class Stride2D
    {
        public readonly struct DenseX;
    }

    public readonly struct ArrayView<T>
        where T : unmanaged
    {
        public long Length => throw null!;

        public ref T this[int index] => throw null!;

        public ref T this[long index] => throw null!;

        public ArrayView<T> SubView(long index) => throw null!;

        public ArrayView<T> SubView(long index, long length) => throw null!;

        public ArrayView<TOther> Cast<TOther>()
            where TOther : unmanaged => throw null!;
    }

    public readonly struct Half;

    public static class SharedMemory
    {
        public static ArrayView<T> Allocate<T>(int length)
            where T : unmanaged => throw null!;
    }

    public static class Grid
    {
        public static int IdxX => throw null!;
    }

    public static class Group
    {
        public static int IdxX => throw null!;

        public static int DimX => throw null!;
    }

    public static class Warp
    {
        public static int LaneIdx => throw null!;

        public static T Shuffle<T>(T variable, int sourceLane)
            where T : unmanaged => throw null!;

        public static T ShuffleXor<T>(T variable, int mask)
            where T : unmanaged => throw null!;
    }

    public static class IntrinsicMath
    {
        public static float Abs(float value) => throw null!;

        public static int PopCount(uint value) => throw null!;

        public static int TrailingZeroCount(uint value) => throw null!;
    }
}

namespace ILGPU.Runtime
{
    public abstract class AcceleratorStream;

    public readonly struct ArrayView2D<T, TStride>
        where T : unmanaged
        where TStride : struct;
}

namespace KernelGen.Ilgpu
{
    using ILGPU;
    using ILGPU.Runtime;

    public static class IlgpuVersion;

    public delegate void GateKernel<TLogit>(
        ArrayView<TLogit> logits, ArrayView<float> bias, ArrayView<float> weights, ArrayView<int> experts, ArrayView<int> tokenIds, ArrayView<int> table, GateSizes sizes)
        where TLogit : unmanaged;

    public sealed class GateKernels<TLogit>
        where TLogit : unmanaged
    {
        public GateKernels(KernelVariant variant, GateKernel<TLogit> warp, GateKernel<TLogit> unaligned, GateKernel<TLogit> thread, int vectorWidth) => throw null!;
    }

    public readonly struct GateCall<TLogit>
        where TLogit : unmanaged
    {
        public int Tokens => throw null!;

        public int Experts => throw null!;

        public int TopK => throw null!;

        public bool HasCorrectionBias => throw null!;

        public static GateCall<TLogit> Create(
            AcceleratorStream stream, ArrayView2D<TLogit, Stride2D.DenseX> logits, ArrayView<float> correctionBias,
            ArrayView2D<float, Stride2D.DenseX> weights, ArrayView2D<int, Stride2D.DenseX> experts, float routedScalingFactor, int nonPaddedTokens) => throw null!;

        public static GateCall<TLogit> CreateByTable(
            AcceleratorStream stream, ArrayView2D<TLogit, Stride2D.DenseX> logits, ArrayView<int> tokenIds, ArrayView2D<int, Stride2D.DenseX> table,
            ArrayView2D<float, Stride2D.DenseX> weights, ArrayView2D<int, Stride2D.DenseX> experts, float routedScalingFactor, int nonPaddedTokens) => throw null!;

        public void Run<TBits>(GateKernels<TBits> kernels)
            where TBits : unmanaged => throw null!;
    }

    public struct GateSizes
    {
        public long LogitsStride, WeightsStride, ExpertsStride, TableStride, TableRows;
        public int Tokens, RoutedTokens, Unused;
        public float RoutedScalingFactor;
    }

    public static class GateLaunch
    {
        public const int WarpsOfGroup = 2;
    }

    public struct Quad<T>
        where T : unmanaged
    {
        public T X, Y, Z, W;
    }

    public static class Logits
    {
        public static float ToSingle(float logit) => throw null!;

        public static float ToSingle(Half logit) => throw null!;

        public static float ToSingle(ushort bits) => throw null!;
    }

    public static class DeviceMath
    {
        public const float RoughSigmoidError = 1f / 4096;

        public static float Larger(float number, float other) => throw null!;

        public static float Smaller(float first, float second) => throw null!;

        public static uint Order(float value) => throw null!;

        public static float Ordered(uint order) => throw null!;

        public static float Exp(float x) => throw null!;

        public static float Reciprocal(float x) => throw null!;

        public static float Sigmoid(float x) => throw null!;

        public static float RoughSigmoid(float x, float addend) => throw null!;

        public static float SqrtSoftplus(float x) => throw null!;
    }

    public static class Warps
    {
        public static uint Max(uint value) => throw null!;

        public static uint Ballot(bool flag) => throw null!;

        public static int CountBefore(uint ballot, int lane) => throw null!;

        public static float Sum(float value) => throw null!;

        public static void Barrier() => throw null!;

        public static void KeepReadsBefore() => throw null!;
    }
}
