using System.CommandLine;
using System.Runtime.Intrinsics;
using KernelGen.Compiler;
using KernelGen.Compiler.Emission;
using KernelGen.Compiler.Families;

namespace KernelGen.Tool;

/// <summary><c>kernelgen inspect</c>: prints the C# that the specialisation compiler generates, and the PTX.</summary>
internal static class InspectCommand
{
    private enum Family
    {
        Gate,
        Moe,
        Omni,
    }

    // The kernel to print: the CPU's, the C# for ILGPU, or the PTX for a CUDA driver.
    private enum Target
    {
        Cpu = 0,
        Cuda = 1,
        Sm80 = 80,
        Sm90 = 90,
    }

    public static Command Create(Terminal terminal)
    {
        var family = Parse.Choice("--family", "What the kernel computes.", ("gate", Family.Gate), ("moe", Family.Moe), ("omni", Family.Omni));
        family.Required = true;
        var vectorBits = Parse.Choice("--vector-bits", "Vector width; default the widest that this machine supports.", ("128", 128), ("256", 256), ("512", 512));
        var unspecialized = new Option<bool>("--unspecialized") { Description = "Print the template with its constants filled in and nothing else." };
        var device = Parse.Choice(
            "--device", "The kernel to print: the CPU's (default), the GPU's as C#, or as PTX.",
            ("cpu", Target.Cpu), ("cuda", Target.Cuda), ("cuda:sm_80", Target.Sm80), ("cuda:sm_90", Target.Sm90));
        var shape = new ShapeOptions();

        var command = new Command("inspect", "Prints the specialised source of a kernel.") { family };
        shape.AddTo(command);
        command.Options.Add(vectorBits);
        command.Options.Add(unspecialized);
        command.Options.Add(device);
        command.SetWork(terminal, (parsed, _) =>
        {
            var specialize = !parsed.GetValue(unspecialized);
            IKernelSpec spec = parsed.GetRequiredValue(family) switch
            {
                Family.Gate => shape.Gate(parsed) with { Specialize = specialize },
                Family.Moe => shape.Moe(parsed) with { Specialize = specialize },
                _ => shape.Omni(parsed) with { Specialize = specialize },
            };
            var target = parsed.GetValue(device) ?? Target.Cpu;
            if (target != Target.Cpu)
            {
                if (!specialize || parsed.GetValue(vectorBits) is not null)
                    throw new UsageException($"{(specialize ? vectorBits.Name : unspecialized.Name)} is for CPU kernels; --device is '{parsed.GetResult(device)!.Tokens[0].Value}'");
                foreach (var text in DeviceSources(spec, target)) terminal.Output.Write(text);
                return;
            }

            terminal.Output.Write(Source(spec, Width(vectorBits, parsed.GetValue(vectorBits), spec.Family.VectorWidths(spec))));
        });
        return command;
    }

    private static ClassPlace Place { get; } = new("", EquatableArray<ContainingType>.Empty, "Kernels", "public static");

    private static int WidestVector => Vector512.IsHardwareAccelerated ? 512 : Vector256.IsHardwareAccelerated ? 256 : 128;

    private static int Width(Option option, int? asked, IReadOnlyList<int> made)
    {
        if (asked is not { } bits) return Math.Min(WidestVector, made[^1]);
        return made.Contains(bits) ? bits : throw new UsageException($"{option.Name} is {bits}; this family's kernels have {string.Join(" or ", made)}");
    }

    /// <summary>The C# for ILGPU; or the PTX of its kernels, then the tensor-core kernels that the target supports.</summary>
    private static IEnumerable<string> DeviceSources(IKernelSpec spec, Target target)
    {
        if (target == Target.Cuda)
            return [KernelEmitter.EmitIlgpuVariant(Place, spec).Single(file => file.HintName.EndsWith(".Kernel.g.cs", StringComparison.Ordinal)).Text];
        var tensorCores = spec.Family.Ilgpu(spec)!.PtxTexts.Select(module => (Name: module.Key, Text: module.Value))
            .Where(module => target == Target.Sm90 || !module.Text.Contains(".target sm_90", StringComparison.Ordinal));
        return DevicePtx.OfCSharp(spec, (int)target).Concat(tensorCores)
            .Select(module => $"// {spec.Family.IlgpuVariantName(spec)}: {module.Name}\n{module.Text.TrimEnd()}\n\n");
    }

    private static string Source(IKernelSpec spec, int vectorBits) =>
        KernelEmitter.EmitVariant(Place, spec).Single(file => file.HintName.EndsWith($".Vector{vectorBits}.g.cs", StringComparison.Ordinal)).Text;
}
