using System.Diagnostics;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

namespace KernelGen.Ilgpu.Benchmarks;

/// <summary>
/// The two GEMMs alone, without alignment and combination, replayed from a graph: after a rest, and under sustained load, where the
/// card's power is the limit. <c>benchmarks/peers/triton_experts.py</c> measures the same for Triton.
/// </summary>
/// <param name="name">The model.</param>
/// <param name="experts">Number of experts.</param>
/// <param name="topK">Number of experts per token.</param>
/// <param name="hiddenSize">Hidden size.</param>
/// <param name="intermediateSize">Intermediate size.</param>
/// <param name="kernels">The kernels, without Split-K.</param>
internal sealed class ProductsBenchmark(string name, int experts, int topK, int hiddenSize, int intermediateSize, ExpertsKernels<ushort> kernels)
{
    private const int Samples = 9;

    private static readonly int[] Tokens = [1, 16, 64, 256, 1024, 4096, 8192];
    private static readonly TimeSpan Rest = TimeSpan.FromMilliseconds(300);
    private static readonly TimeSpan Load = TimeSpan.FromSeconds(1);

    public void Run(CudaStream stream)
    {
        using var weights = new ExpertsWeights<BFloat16>(stream, WeightPatterns.BFloat16, experts, hiddenSize, intermediateSize);
        foreach (var tokens in Tokens)
        {
            using var inputs = new ExpertsInputs(stream.Accelerator, experts, topK, hiddenSize, tokens);
            var (rested, loaded) = Time(stream, inputs, weights.OnDevice, tokens);
            Console.WriteLine(FormattableString.Invariant($"products, {name}, {tokens}, {rested:F1}, {loaded:F1}"));
        }
    }

    private (double Rested, double Loaded) Time(CudaStream stream, ExpertsInputs inputs, DeviceExpertWeights<BFloat16> expertWeights, int tokens)
    {
        var gateUp = new ExpertMatrices(CudaArguments.Address(expertWeights.GateUp), 0, 0, 0);
        var down = new ExpertMatrices(CudaArguments.Address(expertWeights.Down), 0, 0, 0);
        var slots = tokens * topK;
        var pair = kernels.Choose(stream.Accelerator, slots, gateUp, down)!;
        var sizes = new ExpertsSizes { Tokens = tokens, HiddenStride = hiddenSize, WeightsStride = topK, ExpertsStride = topK, BlockM = pair.GateUp.BlockM };
        var blocks = AlignedSlotsSize.MaxBlocks(slots, experts, sizes.BlockM);
        var bytes = (inputs.Calls * AlignedSlotsSize.Bytes(slots, blocks, sizes.BlockM)) + DeviceWorkspace.SizeOf<uint>((long)tokens * hiddenSize / 2)
            + DeviceWorkspace.SizeOf<ushort>((long)slots * intermediateSize) + DeviceWorkspace.SizeOf<ushort>((long)slots * hiddenSize);
        using var workspace = WorkspacePool.Of(stream).Rent(bytes, kernels.Variant.Name);
        var rounded = workspace.Take<uint>((long)tokens * hiddenSize / 2);
        var intermediate = workspace.Take<ushort>((long)slots * intermediateSize);
        var sums = workspace.Take<ushort>((long)slots * hiddenSize);
        var aligned = new AlignedSlots[inputs.Calls];
        for (var i = 0; i < aligned.Length; i++)
        {
            aligned[i] = AlignedSlotsSize.Take(workspace, slots, blocks, sizes.BlockM);
            kernels.Prepare(stream, inputs.Hidden.BaseView, inputs.Weights.BaseView, inputs.Routes(i).BaseView, rounded, aligned[i], sizes);
        }

        void Round(AcceleratorStream s)
        {
            for (var i = 0; i < aligned.Length; i++)
            {
                pair.GateUp.Launch((CudaStream)s, CudaArguments.Address(rounded), gateUp, CudaArguments.Address(intermediate), aligned[i], blocks);
                pair.Down.Launch((CudaStream)s, CudaArguments.Address(intermediate), down, CudaArguments.Address(sums), aligned[i], blocks);
            }
        }

        Round(stream);
        stream.Synchronize();
        using var graph = CudaGraph.Capture(stream, Round);
        double Sample()
        {
            var start = Stopwatch.GetTimestamp();
            graph.Launch(stream);
            stream.Synchronize();
            return Stopwatch.GetElapsedTime(start).TotalMicroseconds / aligned.Length;
        }

        var rested = Median(() =>
        {
            Thread.Sleep(Rest);
            return Sample();
        });
        for (var start = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(start) < Load;) Sample();
        return (rested, Median(Sample));
    }

    private static double Median(Func<double> sample)
    {
        var samples = Enumerable.Range(0, Samples).Select(_ => sample()).Order().ToArray();
        return samples[Samples / 2];
    }
}
