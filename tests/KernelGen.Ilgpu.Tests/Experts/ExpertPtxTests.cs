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
            new(4, 2, 31, 23, MoeActivation.GeluTanhAndMul, DType.Float16),
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
