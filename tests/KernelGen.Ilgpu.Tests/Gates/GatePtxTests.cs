using ILGPU.Runtime.Cuda;
using KernelGen.Compiler.Families;
using KernelGen.Ilgpu;
using KernelGen.OnDemand;

namespace KernelGen.Tests;

/// <summary>Every kernel of a gate of each kind becomes PTX, on a machine without a GPU.</summary>
public class GatePtxTests
{
    /// <summary>One for each way through the template and each type of logits.</summary>
    internal static readonly MoeGateSpec[] Gates =
    [
        new(384, 6, GateScoring.Sigmoid, true, 1, 1, true),
        new(256, 8, GateScoring.Sigmoid, true, 8, 4, true),
        new(264, 4, GateScoring.Softmax, true, 66, 5, true),
        new(100, 8, GateScoring.Softmax, false, 1, 1, false) { LogitsType = DType.Float16 },
        new(256, 7, GateScoring.SqrtSoftplus, true, 1, 1, true) { LogitsType = DType.BFloat16, SharedExperts = 1 },
        new(64, 6, GateScoring.Softmax, false, 1, 1, true) { HashTable = true },
    ];

    [Theory]
    [InlineData(8, 0)]
    [InlineData(9, 0)]
    public void EveryKernelCompilesToPtx(int major, int minor)
    {
        var gates = KernelAssembly.CompileForIlgpu(Gates);
        foreach (var spec in Gates)
        {
            dynamic kernels = gates.IlgpuKernels(spec);
            foreach (var method in (IEnumerable<System.Reflection.MethodInfo>)kernels.Methods)
            {
                var ptx = PtxCompiler.Compile(method, new CudaArchitecture(major, minor), CudaInstructionSet.ISA_80).Text;
                Assert.Contains($".target sm_{major}{minor}\n", ptx.ReplaceLineEndings("\n"));
                Assert.DoesNotContain(".func", ptx); // everything is inlined
            }
        }
    }
}
