using ILGPU.Runtime.Cuda;
using KernelGen.Compiler.Families;
using KernelGen.Ilgpu;
using KernelGen.OnDemand;

namespace KernelGen.Tool;

/// <summary>The PTX of kernels.</summary>
internal static class DevicePtx
{
    /// <summary>ILGPU's PTX for a spec's C# kernels, by method name.</summary>
    /// <param name="spec">A spec with ILGPU kernels.</param>
    /// <param name="capability">Compute capability, 80 or 90.</param>
    public static IEnumerable<(string Name, string Text)> OfCSharp(IKernelSpec spec, int capability)
    {
        var kernels = (IGeneratedKernels)KernelAssembly.CompileForIlgpu(spec).IlgpuKernels(spec);
        var architecture = new CudaArchitecture(capability / 10, capability % 10);
        return kernels.Methods.Select(method => (method.Name, PtxCompiler.Compile(method, architecture, CudaInstructionSet.ISA_80).Text));
    }
}
