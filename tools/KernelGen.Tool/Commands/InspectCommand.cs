using System.CommandLine;
using System.Runtime.Intrinsics;
using KernelGen.Compiler.Emission;
using KernelGen.Compiler.Families;

namespace KernelGen.Tool;

/// <summary><c>kernelgen inspect</c>: the C# that the specialisation compiler makes.</summary>
internal static class InspectCommand
{
    private enum Family
    {
        Gate,
        Moe,
        Omni,
    }

    public static Command Create(Terminal terminal)
    {
        var family = Parse.Choice("--family", "What the kernel computes.", ("gate", Family.Gate), ("moe", Family.Moe), ("omni", Family.Omni));
        family.Required = true;
        var vectorBits = Parse.Choice("--vector-bits", "Width of a vector; default the widest that this machine runs.", ("128", 128), ("256", 256), ("512", 512));
        var unspecialized = new Option<bool>("--unspecialized") { Description = "The template with its constants filled in and nothing else." };
        var shape = new ShapeOptions();

        var command = new Command("inspect", "Prints the specialised source of a kernel.") { family };
        shape.AddTo(command);
        command.Options.Add(vectorBits);
        command.Options.Add(unspecialized);
        command.SetWork(terminal, (parsed, _) =>
        {
            var specialize = !parsed.GetValue(unspecialized);
            IKernelSpec spec = parsed.GetRequiredValue(family) switch
            {
                Family.Gate => shape.Gate(parsed) with { Specialize = specialize },
                Family.Moe => shape.Moe(parsed) with { Specialize = specialize },
                _ => shape.Omni(parsed) with { Specialize = specialize },
            };
            terminal.Output.Write(Source(spec, Width(vectorBits, parsed.GetValue(vectorBits), KernelRecipe.VectorWidthsOf(spec))));
        });
        return command;
    }

    private static int WidestVector => Vector512.IsHardwareAccelerated ? 512 : Vector256.IsHardwareAccelerated ? 256 : 128;

    private static int Width(Option option, int? asked, IReadOnlyList<int> made)
    {
        if (asked is not { } bits) return Math.Min(WidestVector, made[^1]);
        return made.Contains(bits) ? bits : throw new UsageException($"{option.Name} is {bits}; this family's kernels have {string.Join(" or ", made)}");
    }

    private static string Source(IKernelSpec spec, int vectorBits) =>
        KernelEmitter.EmitVariant("Kernels", "Kernels", spec).Single(file => file.HintName.EndsWith($".Vector{vectorBits}.g.cs", StringComparison.Ordinal)).Text;
}
