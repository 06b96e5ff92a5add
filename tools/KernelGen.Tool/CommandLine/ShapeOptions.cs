using System.CommandLine;
using System.Globalization;
using KernelGen.Compiler.Families;

namespace KernelGen.Tool;

/// <summary>The options that describe a kernel, shared by all commands that generate one.</summary>
internal sealed class ShapeOptions
{
    private readonly Option<int?> _experts = Parse.Integer("--experts", "Number of experts.");
    private readonly Option<int?> _topK = Parse.Integer("--top-k", "Number of experts per token.");

    private readonly Option<GateScoring?> _scoring = Parse.Choice(
        "--scoring", "Scoring function; default softmax.",
        ("softmax", GateScoring.Softmax), ("sigmoid", GateScoring.Sigmoid), ("sqrtsoftplus", GateScoring.SqrtSoftplus));

    private readonly Option<bool> _bias = new("--bias") { Description = "Add a correction bias for selection." };
    private readonly Option<int?> _groups = Parse.Integer("--groups", "Number of expert groups; default 1.");
    private readonly Option<int?> _topKGroups = Parse.Integer("--top-k-groups", "Number of groups that remain eligible for a token; default 1.");
    private readonly Option<bool> _noRenormalize = new("--no-renormalize") { Description = "Do not renormalise the weights." };

    private readonly Option<DType?> _logits = Parse.Choice(
        "--logits", "Type of the logits; default f32.", ("f32", DType.Float32), ("f16", DType.Float16), ("bf16", DType.BFloat16));

    private readonly Option<int?> _sharedExperts = Parse.Integer("--shared-experts", "Number of shared experts per token; default 0.");
    private readonly Option<bool> _hashTable = new("--hash-table") { Description = "A table determines each token's experts." };

    private readonly Option<int?> _hidden = Parse.Integer("--hidden", "Hidden size.");
    private readonly Option<int?> _intermediate = Parse.Integer("--intermediate", "Intermediate size of an expert.");

    private readonly Option<int?> _perAxis = Parse.Integer("--per-axis", "Number of keys per axis of a product-key router.");

    private readonly Option<MoeActivation?> _activation = Parse.Choice(
        "--activation",
        "Activation of the experts; default silu.",
        ("silu", MoeActivation.SiluAndMul),
        ("gelu", MoeActivation.GeluAndMul),
        ("gelu-tanh", MoeActivation.GeluTanhAndMul),
        ("swiglu-oai", MoeActivation.SwigluOai),
        ("swiglu-clamp", MoeActivation.SwigluClamp),
        ("silu-ungated", MoeActivation.Silu),
        ("gelu-ungated", MoeActivation.Gelu),
        ("relu2", MoeActivation.Relu2));

    private readonly Option<double?> _activationLimit = new("--activation-limit") { Description = "The limit of swiglu-clamp.", HelpName = "X" };
    private readonly Option<bool> _expertBias = new("--expert-bias") { Description = "The experts have biases." };
    private readonly Option<bool> _routerWeightOnInput = new("--router-weight-on-input") { Description = "The router weight multiplies the experts' inputs." };

    private readonly Option<string?> _splitK = new("--split-k")
    {
        Description = "Split-K slice counts; bench accepts several, separated by commas; auto tries those that suit the token count.",
        HelpName = "auto|N,N",
    };

    private IEnumerable<Option> GateOnly => [_scoring, _bias, _groups, _topKGroups, _noRenormalize, _logits];

    // Options that no benchmark supports.
    private IEnumerable<Option> InspectedGateOnly => [_sharedExperts, _hashTable];

    private IEnumerable<Option> OmniOnly => [_perAxis];

    private IEnumerable<Option> MoeOnly => [.. MoeShape, _expertBias, _routerWeightOnInput];

    private IEnumerable<Option> MoeShape => [_hidden, _intermediate, _activation, _activationLimit, Weights, _splitK];

    /// <summary>Type of the experts' weights.</summary>
    public Option<WeightsFormat?> Weights { get; } = WeightsOption("Type of the experts' weights; default f32.");

    /// <summary><c>--weights</c> with the supported types.</summary>
    public static Option<WeightsFormat?> WeightsOption(string description) => Parse.Choice("--weights", description, WeightsFormat.Words);

    /// <summary>Adds the options of gates.</summary>
    public void AddGateTo(Command command) => Add(command, [_experts, _topK, .. GateOnly]);

    /// <summary>Adds the options of experts, except biases and the side of the router weight, which do not affect the time.</summary>
    public void AddMoeTo(Command command) => Add(command, [_experts, _topK, .. MoeShape]);

    /// <summary>Adds the options of product-key routers.</summary>
    public void AddOmniTo(Command command) => Add(command, [_perAxis, _topK]);

    /// <summary>Adds all.</summary>
    public void AddTo(Command command) => Add(command, [_experts, _topK, .. GateOnly, .. InspectedGateOnly, .. MoeOnly, .. OmniOnly]);

    /// <summary>The gate that the options describe.</summary>
    /// <exception cref="UsageException">An option is missing or belongs to another family, or the gate is invalid.</exception>
    public MoeGateSpec Gate(ParseResult parsed)
    {
        RejectOthers(parsed, [.. MoeOnly, .. OmniOnly], "gate");
        var spec = new MoeGateSpec(
            Required(parsed, _experts),
            Required(parsed, _topK),
            parsed.GetValue(_scoring) ?? GateScoring.Softmax,
            parsed.GetValue(_bias),
            parsed.GetValue(_groups) ?? 1,
            parsed.GetValue(_topKGroups) ?? 1,
            !parsed.GetValue(_noRenormalize))
        {
            LogitsType = parsed.GetValue(_logits) ?? DType.Float32,
            SharedExperts = parsed.GetValue(_sharedExperts) ?? 0,
            HashTable = parsed.GetValue(_hashTable),
        };
        spec.RequireValid();
        return spec;
    }

    /// <summary>The experts that the options describe, without Split-K unless it was specified.</summary>
    /// <exception cref="UsageException">An option is missing or belongs to another family, or the experts are invalid.</exception>
    public FusedMoeSpec Moe(ParseResult parsed)
    {
        RejectOthers(parsed, [.. GateOnly, .. InspectedGateOnly, .. OmniOnly], "moe");
        var weights = parsed.GetValue(Weights) ?? default;
        var spec = new FusedMoeSpec(
            Required(parsed, _experts),
            Required(parsed, _topK),
            Required(parsed, _hidden),
            Required(parsed, _intermediate),
            parsed.GetValue(_activation) ?? MoeActivation.SiluAndMul,
            weights.Weights.Type,
            SplitK(parsed)?[0] ?? 1,
            Quantization: weights.Weights.Quantization,
            GroupSize: weights.Weights.GroupSize)
        {
            ActivationLimit = (float)(parsed.GetValue(_activationLimit) ?? 0),
            Bias = parsed.GetValue(_expertBias),
            RouterWeightOnInput = parsed.GetValue(_routerWeightOnInput),
            ActivationQuantization = weights.Inputs,
        };
        spec.RequireValid();
        return spec;
    }

    /// <summary>The product-key router that the options describe.</summary>
    /// <exception cref="UsageException">An option is missing or belongs to another family, or the router is invalid.</exception>
    public OmniRouterSpec Omni(ParseResult parsed)
    {
        RejectOthers(parsed, [_experts, .. GateOnly, .. MoeOnly], "omni");
        var spec = new OmniRouterSpec(Required(parsed, _perAxis), Required(parsed, _topK));
        spec.RequireValid();
        return spec;
    }

    /// <summary>The slice counts, or null for auto.</summary>
    public IReadOnlyList<int>? SplitK(ParseResult parsed)
    {
        var text = parsed.GetValue(_splitK);
        if (text is null or "auto") return null;
        return [.. text.Split(',', StringSplitOptions.TrimEntries).Select(part => int.TryParse(part, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var slices)
            ? slices
            : throw new UsageException($"--split-k is '{text}'; expected auto or whole numbers, separated by commas")).Distinct()];
    }

    private static void Add(Command command, IEnumerable<Option> options)
    {
        foreach (var option in options) command.Options.Add(option);
    }

    private static int Required(ParseResult parsed, Option<int?> option) =>
        parsed.GetValue(option) ?? throw new UsageException($"{option.Name} is missing");

    // A command for a single family does not have the other families' options.
    private static void RejectOthers(ParseResult parsed, IEnumerable<Option> others, string family)
    {
        if (others.FirstOrDefault(option => parsed.GetResult(option) is { Implicit: false }) is { } other)
            throw new UsageException($"{other.Name} does not belong to --family {family}");
    }
}
