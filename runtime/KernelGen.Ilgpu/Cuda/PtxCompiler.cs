using System.ComponentModel;
using System.Reflection;
using ILGPU;
using ILGPU.Backends.EntryPoints;
using ILGPU.Backends.PTX;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

namespace KernelGen.Ilgpu;

/// <summary>
/// Compiles a kernel's method to PTX. ILGPU does this with KernelGen's own settings, independent of those of the program's context,
/// also on a machine without a GPU.
/// </summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public static class PtxCompiler
{
    private static readonly Lazy<Context> Settings = new(() =>
        Context.Create(builder => builder.Optimize(OptimizationLevel.O2).Inlining(InliningMode.Aggressive).PTXBackend(PTXBackendMode.Enhanced)));

    /// <summary>Compiles an explicitly grouped kernel.</summary>
    /// <param name="method">The kernel.</param>
    /// <param name="architecture">The device's architecture.</param>
    /// <param name="instructionSet">The latest PTX version that the driver supports.</param>
    public static PtxText Compile(MethodInfo method, CudaArchitecture architecture, CudaInstructionSet instructionSet)
    {
        lock (Settings)
        {
            using var backend = new PTXBackend(Settings.Value, architecture, instructionSet, null!);
            var compiled = (PTXCompiledKernel)backend.Compile(EntryPointDescription.FromExplicitlyGroupedKernel(method), KernelSpecialization.Empty);

            // ILGPU targets only what its own instructions need.
            var target = $".target {backend.Capabilities.TargetArchitecture.ToString().ToLowerInvariant()}";
            var text = compiled.PTXAssembly.Replace(target, $".target sm_{architecture.Major}{architecture.Minor}", StringComparison.Ordinal);
            return new PtxText(PtxLocals.ToRegisters(text), compiled.Name);
        }
    }
}

/// <summary>A PTX module.</summary>
/// <param name="Text">The PTX text.</param>
/// <param name="Entry">Name of its <c>.entry</c>.</param>
[EditorBrowsable(EditorBrowsableState.Never)]
public sealed record PtxText(string Text, string Entry);
