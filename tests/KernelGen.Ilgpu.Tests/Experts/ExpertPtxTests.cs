using ILGPU.Runtime.Cuda;
using KernelGen.Compiler.Families;
using KernelGen.Ilgpu;
using KernelGen.OnDemand;

namespace KernelGen.Tests;

/// <summary>Every kernel of experts becomes PTX, on a machine without a GPU.</summary>
public class ExpertPtxTests
{
    [Theory]
    [InlineData(8, 0)]
    [InlineData(9, 0)]
    public void EveryKernelCompilesToPtx(int major, int minor)
    {
        FusedMoeSpec[] specs =
        [
            new(128, 8, 2048, 768, MoeActivation.SiluAndMul, DType.BFloat16, SplitK: 2),
            new(4, 2, 30, 22, MoeActivation.SwigluOai, DType.Float32),
            new(4, 2, 31, 23, MoeActivation.GeluTanhAndMul, DType.Float16) { Bias = true, RouterWeightOnInput = true },
            new(4, 2, 128, 96, MoeActivation.Relu2, DType.Float16),
            new(4, 2, 128, 96, MoeActivation.GeluAndMul, DType.Float8E4M3, 3, Quantization: WeightQuantization.Block128) { ActivationQuantization = ActivationQuantization.DynamicGroup128, Bias = true },
            new(4, 2, 130, 96, MoeActivation.Gelu, DType.Float8E4M3, Quantization: WeightQuantization.Tensor) { ActivationQuantization = ActivationQuantization.DynamicTensor },
            new(4, 2, 130, 92, MoeActivation.SiluAndMul, DType.Float8E4M3, Quantization: WeightQuantization.Tensor) { ActivationQuantization = ActivationQuantization.StaticTensor },
            new(4, 2, 130, 94, MoeActivation.SiluAndMul, DType.Float8E4M3, Quantization: WeightQuantization.Channel) { ActivationQuantization = ActivationQuantization.DynamicToken },
            new(4, 2, 128, 256, MoeActivation.SiluAndMul, DType.Float8E4M3, Quantization: WeightQuantization.Block128) { ActivationQuantization = ActivationQuantization.DynamicGroup128 },
            new(4, 2, 256, 128, MoeActivation.SiluAndMul, DType.Float8E4M3, Quantization: WeightQuantization.Tensor) { ActivationQuantization = ActivationQuantization.DynamicTensor },
            new(4, 2, 384, 128, MoeActivation.SiluAndMul, DType.Float8E4M3, Quantization: WeightQuantization.Tensor) { ActivationQuantization = ActivationQuantization.StaticTensor },
            new(4, 2, 384, 256, MoeActivation.SiluAndMul, DType.Int8, Quantization: WeightQuantization.Channel) { ActivationQuantization = ActivationQuantization.DynamicToken },
            new(4, 2, 256, 96, MoeActivation.Silu, DType.Int8, 2, Quantization: WeightQuantization.Channel) { ActivationQuantization = ActivationQuantization.DynamicToken },
            new(4, 2, 256, 96, MoeActivation.SiluAndMul, DType.Int8, Quantization: WeightQuantization.Group, GroupSize: 64, ZeroPoints: true),
            new(4, 2, 256, 96, MoeActivation.SiluAndMul, DType.Int4, Quantization: WeightQuantization.Group, GroupSize: 32, ZeroPoints: true),
            new(4, 2, 130, 94, MoeActivation.SiluAndMul, DType.Int4, Quantization: WeightQuantization.Group, GroupSize: 128),
        ];
        var assembly = KernelAssembly.CompileForIlgpu([.. specs]);
        foreach (var spec in specs)
        {
            dynamic kernels = assembly.IlgpuKernels(spec);
            foreach (var method in (IEnumerable<System.Reflection.MethodInfo>)kernels.Methods)
            {
                var ptx = PtxCompiler.Compile(method, new CudaArchitecture(major, minor), CudaInstructionSet.ISA_80).Text;
                Assert.Contains($".target sm_{major}{minor}\n", ptx.ReplaceLineEndings("\n"));
                Assert.DoesNotContain(".func", ptx); // everything is inlined
                if (Environment.GetEnvironmentVariable("KERNELGEN_WRITE_PTX") is { } folder) File.WriteAllText(Path.Combine(folder, $"{spec.ConfigurationName}.{method.Name}.sm{major}{minor}.ptx"), ptx);
            }
        }
    }
}
