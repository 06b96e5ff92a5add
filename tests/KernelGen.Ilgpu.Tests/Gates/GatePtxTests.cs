using ILGPU.Runtime.Cuda;
using KernelGen.Ilgpu;
using KernelGen.OnDemand;

namespace KernelGen.Tests;

/// <summary>Every kernel of every gate becomes PTX, on a machine without a GPU.</summary>
public class GatePtxTests
{
    [Theory]
    [InlineData(8, 0)]
    [InlineData(9, 0)]
    public void EveryKernelCompilesToPtx(int major, int minor)
    {
        var gates = KernelAssembly.CompileForIlgpu(GateSpecs.Corners);
        foreach (var spec in GateSpecs.Corners)
        {
            dynamic kernels = gates.IlgpuKernels(spec);
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
