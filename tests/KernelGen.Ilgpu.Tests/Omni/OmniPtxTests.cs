using System.Reflection;
using ILGPU.Runtime.Cuda;
using KernelGen.Compiler.Families;
using KernelGen.Ilgpu;
using KernelGen.OnDemand;

namespace KernelGen.Tests;

/// <summary>Every kernel of product-key routers and one-neuron experts becomes PTX, on a machine without a GPU.</summary>
public class OmniPtxTests
{
    private const int MaxSharedBytes = 48 * 1024;

    [Theory]
    [InlineData(8, 0)]
    [InlineData(9, 0)]
    public void EveryKernelCompilesToPtx(int major, int minor)
    {
        IKernelSpec[] routers = [new OmniRouterSpec(2, 3), new OmniRouterSpec(3, 9), new OmniRouterSpec(48, 17), new OmniRouterSpec(64, 16), new OmniRouterSpec(1024, 128), new OmniRouterSpec(4096, 16)];
        IKernelSpec[] experts = [new OmniExpertsSpec(7, 5, 31), new OmniExpertsSpec(64, 16, 1024), new OmniExpertsSpec(12, 128, 64)];
        var routing = KernelAssembly.CompileForIlgpu(routers);
        var neurons = KernelAssembly.CompileForIlgpu(experts);
        foreach (var spec in routers) Check(spec.ConfigurationName, ((OmniRouterKernels)routing.IlgpuKernels(spec)).Methods, major, minor);
        foreach (var spec in experts) Check(spec.ConfigurationName, ((OmniExpertsKernels)neurons.IlgpuKernels(spec)).Methods, major, minor);
        Check("slotsort", SlotSort.Methods, major, minor);
    }

    private static void Check(string name, IEnumerable<MethodInfo> methods, int major, int minor)
    {
        foreach (var method in methods)
        {
            var ptx = PtxCompiler.Compile(method, new CudaArchitecture(major, minor), CudaInstructionSet.ISA_80).Text.ReplaceLineEndings("\n");
            if (Environment.GetEnvironmentVariable("KERNELGEN_WRITE_PTX") is { } folder) File.WriteAllText(Path.Combine(folder, $"{name}.{method.Name}.sm{major}{minor}.ptx"), ptx);
            Assert.Contains($".target sm_{major}{minor}\n", ptx);
            Assert.DoesNotContain(".func", ptx); // everything is inlined
            Assert.DoesNotContain(".local", ptx); // everything is in registers
            var shared = System.Text.RegularExpressions.Regex.Matches(ptx, @"\.shared .*\[(\d+)\];").Sum(match => int.Parse(match.Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture));
            Assert.InRange(shared, 0, MaxSharedBytes);
        }
    }
}
