namespace KernelGen.Compiler.Emission;

/// <summary>The types of parameters in device memory.</summary>
internal static class IlgpuViews
{
    public static string Vector(string type) => $"global::ILGPU.ArrayView<{type}>";

    public static string Matrix(string type) => $"global::ILGPU.Runtime.ArrayView2D<{type}, global::ILGPU.Stride2D.DenseX>";
}
