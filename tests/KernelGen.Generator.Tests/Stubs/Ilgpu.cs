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

        public static int DimX => throw null!;
    }

    public static class Group
    {
        public static int IdxX => throw null!;

        public static int DimX => throw null!;

        public static void Barrier() => throw null!;
    }

    public static class Atomic
    {
        public static int Add(ref int target, int value) => throw null!;

        public static int Max(ref int target, int value) => throw null!;
    }

    public static class Interop
    {
        public static float IntAsFloat(uint value) => throw null!;

        public static uint FloatAsInt(float value) => throw null!;
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

        public static int Min(int first, int second) => throw null!;

        public static uint Max(uint first, uint second) => throw null!;

        public static int Max(int first, int second) => throw null!;

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

        public static float Gelu(float x) => throw null!;

        public static float RoughSigmoid(float x, float addend) => throw null!;

        public static float SqrtSoftplus(float x) => throw null!;
    }

    public static class Warps
    {
        public const int Lanes = 32;

        public static uint Max(uint value) => throw null!;

        public static uint Ballot(bool flag) => throw null!;

        public static int CountBefore(uint ballot, int lane) => throw null!;

        public static float Sum(float value) => throw null!;

        public static void Barrier() => throw null!;

        public static void KeepReadsBefore() => throw null!;
    }

    public static class Brain
    {
        public static uint Bits(float value) => throw null!;
    }

    public static class StoredNumbers
    {
        public static uint Bits(uint element) => throw null!;

        public static uint Bits(ushort element) => throw null!;

        public static uint Bits(byte element) => throw null!;

        public static float OfHalf(uint bits) => throw null!;

        public static float OfFloat8(uint bits) => throw null!;

        public static float RoundToFloat8(float value) => throw null!;

        public static byte ToFloat8(float value) => throw null!;

        public static int RoundToInt(float value) => throw null!;
    }

    public static class Sums
    {
        public static float MultiplyAdd(float x, float w, float sum) => throw null!;

        public static int MultiplyAdd(int x, int w, int sum) => throw null!;

        public static float Add(float first, float second) => throw null!;

        public static int Add(int first, int second) => throw null!;

        public static float ToSingle(float sum) => throw null!;

        public static float ToSingle(int sum) => throw null!;

        public static void Factor(float number, out float factor) => throw null!;

        public static void Factor(int number, out float factor) => throw null!;

        public static void Factor(int number, out int factor) => throw null!;
    }

    public sealed class DeviceExpertWeights<T>
        where T : unmanaged;

    public class DeviceOutOfMemoryException : System.Exception;

    public struct ExpertSizes
    {
        public long HiddenStride, WeightsStride, ExpertsStride, OutputStride;
        public int Tokens, BlockM, AlignedOutput, Unused;
        public float HiddenScale, ActivationScale;
    }

    public readonly record struct ExpertShape(int Experts, int TopK, int HiddenSize, int IntermediateSize, int SplitK)
    {
        public bool IsGated { get; init; }

        public bool HasBias { get; init; }

        public ActivationQuantization Inputs { get; init; }
    }

    public static class ExpertLaunch
    {
        public const int MostThreads = 1024, ThreadsOfRow = 128, ThreadsOfRows = 128, LanesOfRow = 32;
    }

    public delegate void ExpertProductKernel<TWeight>(
        ArrayView<float> inputs, ArrayView<TWeight> matrices, ArrayView<float> scales, ArrayView<sbyte> zeroPoints, ArrayView<int> experts,
        ArrayView<int> sortedSlots, ArrayView<int> blockExperts, ArrayView<int> paddedSlots, ArrayView<float> sums, ExpertSizes sizes)
        where TWeight : unmanaged;

    public delegate void ExpertPhaseKernel<TResult>(
        ArrayView<float> sums, ArrayView<float> scales, ArrayView<float> bias, ArrayView<float> weights, ArrayView<int> experts, ArrayView<float> inputScales,
        ArrayView<TResult> result, ExpertSizes sizes)
        where TResult : unmanaged;

    public delegate void ExpertRoundingKernel(
        ArrayView<float> source, ArrayView<int> experts, ArrayView<int> largest, ArrayView<float> scales, ArrayView<float> target, ExpertSizes sizes);

    public sealed class PortableExpertKernels<TWeight>
        where TWeight : unmanaged
    {
        public PortableExpertKernels(
            KernelVariant variant, ExpertShape shape, (ExpertProductKernel<TWeight> GateUp, ExpertProductKernel<TWeight> Down)[] products,
            ExpertPhaseKernel<float> activate, ExpertPhaseKernel<float> combine, params (ExpertRoundingKernel Measure, ExpertRoundingKernel Round)[] rounding) => throw null!;
    }

    public delegate System.ReadOnlySpan<byte> PtxSource();

    public sealed class ExpertGemm
    {
        public ExpertGemm(KernelVariant variant, PtxSource source, string entry, int blockM, int groupM, int columnBlocks, int slices, int threads, int sharedBytes) => throw null!;

        public bool Chained { get; init; }
        public bool RoundsOutput { get; init; }

        public int Resident { get; init; }

        public FetchedWeights? Fetched { get; init; }
    }

    public sealed class FetchedWeights
    {
        public FetchedWeights(int columns, int cluster, params FetchedRows[] rows) => throw null!;
    }

    public readonly record struct FetchedRows(long Length, long Stride, int Box);

    public sealed record ExpertGemmPair(bool NeedsWgmma, int MostRows, ExpertGemm GateUp, ExpertGemm Down)
    {
        public int MostSlots { get; init; }

        public bool NeedsFloat8 { get; init; }
    }

    public sealed class ExpertByteKernels
    {
        public ExpertByteKernels(
            KernelVariant variant, ExpertShape shape,
            System.Action<ArrayView<float>, ArrayView<float>, ArrayView<int>, ArrayView<int>, ArrayView<byte>, ArrayView<float>, ArrayView<int>, ArrayView<int>, ArrayView<int>, ArrayView<float>, ExpertSizes> prepare,
            System.Action<ArrayView<float>, ArrayView<int>, ArrayView<int>, ArrayView<byte>, ArrayView<float>, ExpertSizes> intermediate) => throw null!;
    }

    public sealed record TunedDeviceChoice(int MostTokens, int Slices, ExpertGemmPair? Pair);

    public sealed class TunedDevice
    {
        public TunedDevice(string deviceName, params TunedDeviceChoice[] choices) => throw null!;
    }

    public sealed class ExpertKernels<TWeight>
        where TWeight : unmanaged
    {
        public ExpertKernels(
            KernelVariant variant, ExpertShape shape, PortableExpertKernels<TWeight> portable,
            System.Action<ArrayView<float>, ArrayView<float>, ArrayView<int>, ArrayView<uint>, ArrayView<int>, ArrayView<int>, ArrayView<int>, ArrayView<float>, ExpertSizes> prepare,
            ExpertPhaseKernel<ushort> activate,
            System.Action<ArrayView<float>, ArrayView<int>, ArrayView<float>, ExpertSizes> combineSingle,
            System.Action<ArrayView<uint>, ArrayView<int>, ArrayView<float>, ExpertSizes> combineRounded,
            params ExpertGemmPair[] pairs) => throw null!;

        public ExpertByteKernels? Bytes { get; init; }

        public System.Collections.Generic.IReadOnlyList<TunedDevice> Tunings { get; init; } = [];
    }

    public readonly struct ExpertCall<TWeight>
        where TWeight : unmanaged
    {
        public int Tokens => throw null!;

        public int Experts => throw null!;

        public int TopK => throw null!;

        public int HiddenSize => throw null!;

        public int IntermediateSize => throw null!;

        public WeightQuantization Quantization => throw null!;

        public int GroupSize => throw null!;

        public bool ZeroPoints => throw null!;

        public static ExpertCall<TWeight> Create(
            AcceleratorStream stream, ArrayView2D<float, Stride2D.DenseX> hidden, DeviceExpertWeights<TWeight> expertWeights,
            ArrayView2D<float, Stride2D.DenseX> weights, ArrayView2D<int, Stride2D.DenseX> experts, ArrayView2D<float, Stride2D.DenseX> output) => throw null!;

        public int SplitK(int asked, System.ReadOnlySpan<int> declared, int columnsOfGroup = 64) => throw null!;

        public int SplitK<TBits>(int asked, System.ReadOnlySpan<int> declared, ExpertKernels<TBits> tuned, int columnsOfGroup = 64)
            where TBits : unmanaged => throw null!;

        public void Run<TBits>(ExpertKernels<TBits> kernels)
            where TBits : unmanaged => throw null!;
    }
}
