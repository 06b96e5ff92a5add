using Microsoft.CodeAnalysis;

namespace KernelGen.Generator.Declarations;

/// <summary>Whether a compilation references ILGPU and the library that launches kernels on it.</summary>
internal static class IlgpuReferences
{
    public static bool AreIn(Compilation compilation) =>
        compilation.GetTypeByMetadataName("ILGPU.Runtime.AcceleratorStream") is not null
        && compilation.GetTypeByMetadataName("KernelGen.Ilgpu.IlgpuVersion") is not null;
}
