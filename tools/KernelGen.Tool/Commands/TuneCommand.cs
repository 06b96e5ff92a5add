using System.CommandLine;
using KernelGen.Tool.Tune;
using KernelGen.Tuning;

namespace KernelGen.Tool;

/// <summary><c>kernelgen tune</c>: finds the fastest variant for each token count and writes a file that the generator reads.</summary>
internal static class TuneCommand
{
    // The token counts of published tuners.
    private static readonly int[] UsualTokens = [1, 2, 4, 8, 16, 24, 32, 48, 64, 96, 128, 256, 512, 1024, 1536, 2048, 3072, 4096];

    public static Command Create(Terminal terminal)
    {
        var model = new Option<string>("--model") { Description = "A config.json, its directory, or a preset.", HelpName = "PATH|PRESET", Required = true };
        var tensorParallel = Parse.Integer("--tp-size", "Number of tensor-parallel ranks; default 1.");
        var expertParallel = Parse.Integer("--ep-size", "Number of expert-parallel groups of ranks; default 1.");
        var type = Parse.Choice("--dtype", "Types of weights and inputs; default auto, as in the model's configuration.", [("auto", 0), .. TunedModel.Types.Select((word, i) => (word, i + 1))]);
        var perChannel = new Option<bool>("--per-channel-quant") { Description = "Use one scale per row of the weights." };
        var noFusion = new Option<bool>("--disable-shared-experts-fusion") { Description = "Exclude the shared expert." };
        var tokens = Parse.TokenList("--batch-size", "Token counts; default those of published tuners, 1 to 4096.", UsualTokens);
        var output = Parse.Path("--output", "Directory for the tuning file; default the current one.", "DIR");
        var space = new Option<string?>("--search-space") { Description = "The search space: a name listed by tune spaces, or a file.", HelpName = "FILE|NAME" };
        var separate = new Option<bool>("--separate") { Description = "Tune the two GEMMs separately, with a second file, _down." };
        var exhaustive = new Option<bool>("--exhaustive") { Description = "Measure every combination that can run: slow, to evaluate the search." };
        var recorded = Parse.Path("--topk-ids", "Use expert ids written by run --record instead of random ones.", "FILE");
        var skew = Parse.Tolerance("--skew", "Draw random ids from Zipf's law with this exponent; default 0: all experts are equally likely.", absent: 0);
        var compared = Parse.Path("--compare", "Also measure the choices of a tuning file, such as sglang's or vLLM's, and of the _down file next to it.", "FILE");
        var device = Parse.Device();
        var json = Parse.Path("--json", "Also write all measurements, for kernelgen report.", "FILE");

        var command = new Command("tune", "Finds the fastest variant of a model's experts for each token count.")
        {
            model, tensorParallel, expertParallel, type, perChannel, noFusion, tokens, device, output, space, separate, exhaustive, recorded, skew, compared, json, Spaces(terminal),
        };
        command.SetWork(terminal, (parsed, cancellation) =>
        {
            var request = new TuneRequest
            {
                Model = parsed.GetRequiredValue(model),
                TensorParallel = AtLeastOne(tensorParallel, parsed.GetValue(tensorParallel)),
                ExpertParallel = AtLeastOne(expertParallel, parsed.GetValue(expertParallel)),
                Type = parsed.GetValue(type) is > 0 and var number ? TunedModel.Types[number - 1] : null,
                PerChannel = parsed.GetValue(perChannel),
                FuseSharedExpert = !parsed.GetValue(noFusion),
                Device = parsed.GetValue(device),
                Tokens = parsed.GetRequiredValue(tokens),
                Output = parsed.GetValue(output) ?? ".",
                Space = parsed.GetValue(space),
                Separate = parsed.GetValue(separate),
                Exhaustive = parsed.GetValue(exhaustive),
                RecordedIds = parsed.GetValue(recorded),
                Skew = parsed.GetValue(skew),
                Compared = parsed.GetValue(compared),
                Json = parsed.GetValue(json),
                Command = CommandText.Of(parsed),
            };
            TuneRun.Run(request, terminal, cancellation);
        });
        return command;
    }

    private static Command Spaces(Terminal terminal)
    {
        var name = new Argument<string?>("NAME") { Description = "A name or a file whose values to print.", Arity = ArgumentArity.ZeroOrOne };
        var command = new Command("spaces", "Lists the named search spaces.") { name };
        command.SetWork(terminal, (parsed, _) => SpaceList.Write(terminal.Output, parsed.GetValue(name)));
        return command;
    }

    private static int AtLeastOne(Option option, int? value) =>
        value is < 1 ? throw new UsageException($"{option.Name} is {value}; expected at least 1") : value ?? 1;
}
