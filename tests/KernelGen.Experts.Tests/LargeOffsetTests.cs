using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using KernelGen.Compiler.Families;
using KernelGen.Cpu;
using KernelGen.OnDemand;

namespace KernelGen.Tests;

/// <summary>
/// Matrices of more than 2^31 elements. All three projections are one zeroed allocation, of which the system backs with
/// memory only what is written; the kernel reads the rest as zeros.
/// </summary>
public sealed unsafe class LargeOffsetTests
{
    private const int Hidden = 65_536;
    private const int Intermediate = 32_800;
    private const long Last = ((long)Hidden * Intermediate) - 1;

    [Theory]
    [InlineData(1)] // rows
    [InlineData(9)] // panels
    public void TheLastWeightOfEveryMatrixCounts(int tokens)
    {
        var weights = (sbyte*)NativeMemory.AllocZeroed((nuint)Last + 1);
        try
        {
            // In gate and up the last weight joins the last input with the last intermediate state, in down that with the last output.
            weights[Last] = 100;
            var spec = new FusedMoeSpec(1, 1, Hidden, Intermediate, MoeActivation.SiluAndMul, DType.Int8, Quantization: WeightQuantization.Channel);
            var kernel = (delegate*<in ExpertsArguments, void>)KernelAssembly.Compile(spec).Kernel(spec, 256);
            var gateUp = new float[2 * Intermediate];
            var down = new float[Hidden];
            (gateUp[Intermediate - 1], gateUp[^1], down[^1]) = (0.01f, 0.02f, 0.03f);
            using var experts = ExpertWeights<sbyte>.FromPointers(
                Hidden, Intermediate, [(nint)weights], [(nint)weights], [(nint)weights], scales: ExpertScales.PerChannel(gateUp, down));

            var hidden = new float[tokens * Hidden];
            for (var t = 0; t < tokens; t++) hidden[(t * Hidden) + Hidden - 1] = 1 + t;
            var router = Enumerable.Repeat(1f, tokens).ToArray();
            var output = new float[tokens * Hidden];
            ExpertsCall.Create(
                new ReadOnlyTensorSpan<float>(hidden, [tokens, Hidden]), experts, new ReadOnlyTensorSpan<float>(router, [tokens, 1]),
                new ReadOnlyTensorSpan<int>(new int[tokens], [tokens, 1]), new TensorSpan<float>(output, [tokens, Hidden])).Run(kernel);

            for (var t = 0; t < tokens; t++)
            {
                double gate = 1 + t, up = 2 * (1 + t);
                var expected = gate / (1 + Math.Exp(-gate)) * up * 3;
                Assert.Equal(expected, output[(t * Hidden) + Hidden - 1], 1e-5 * expected);
                Assert.All(output.AsSpan(t * Hidden, Hidden - 1).ToArray(), value => Assert.Equal(0f, value));
            }
        }
        finally
        {
            NativeMemory.Free(weights);
        }
    }
}
