using System.Numerics.Tensors;
using KernelGen.Benchmarking;
using KernelGen.Compiler.Families;
using KernelGen.HuggingFace;

namespace KernelGen.Tool;

/// <summary>Loads a layer, compiles its kernels, runs the block, writes and compares its output.</summary>
internal static class LayerRun
{
    private const string InputName = "hidden_states";
    private const string OutputName = "output";

    public static void Run(LayerRequest request, Terminal terminal, CancellationToken cancellation)
    {
        if (request.Output is not null) OutputFile.Require("--output", request.Output);
        if (request.Record is not null) OutputFile.Require("--record", request.Record);
        if (!Directory.Exists(request.Model)) throw new UsageException($"--model {request.Model} is not a directory");
        var config = MoeModelConfig.Load(request.Model);
        using var checkpoint = SafetensorsCheckpoint.Open(request.Model);
        var layer = MoeLayerTensors.Load(checkpoint, config, request.Layer);
        var (hidden, tokens) = ReadHidden(request.Input, config.HiddenSize);
        var expected = request.Expect is null ? null : ReadExpected(request.Expect, tokens, config.HiddenSize);

        var format = Format(request, layer.Format);
        var output = format.Type switch
        {
            DType.Float16 => Forward<Half>(request, layer, format, hidden, tokens, terminal, cancellation),
            DType.BFloat16 => Forward<BFloat16>(request, layer, format, hidden, tokens, terminal, cancellation),
            DType.Float8E4M3 => Forward<Float8E4M3>(request, layer, format, hidden, tokens, terminal, cancellation),
            DType.Int8 => Forward<sbyte>(request, layer, format, hidden, tokens, terminal, cancellation),
            DType.Int4 => Forward<Int4Pair>(request, layer, format, hidden, tokens, terminal, cancellation),
            _ => Forward<float>(request, layer, format, hidden, tokens, terminal, cancellation),
        };

        if (request.Output is not null) Write(request.Output, output, tokens, config.HiddenSize);
        if (expected is not null) Compare(request, output, expected, config.HiddenSize, terminal);
    }

    /// <summary>The requested format, with the checkpoint's own scales if it has that type.</summary>
    private static ExpertFormat Format(LayerRequest request, ExpertFormat stored) =>
        request.Weights is { Weights: var wished } && wished.Type != stored.Type ? wished : stored;

    private static float[] Forward<T>(
        LayerRequest request, MoeLayerTensors layer, ExpertFormat format, float[] hidden, int tokens, Terminal terminal, CancellationToken cancellation)
        where T : unmanaged
    {
        var config = layer.Config;
        ExpertFormat? shared = layer.SharedExpert is { } mlp ? Format(request, mlp.Gate.Format) : null;
        var roundsInputs = request.Weights is { RoundsInputs: true };
        var specs = LayerSpecs(config, format, shared, roundsInputs);
        foreach (var spec in specs) spec.RequireValid();
        using var device = KernelDevices.Open(request.Device);
        terminal.Output.WriteLine($"layer {layer.Layer} of {config.ModelType}, {tokens} {(tokens == 1 ? "token" : "tokens")}");
        foreach (var spec in specs) terminal.Output.WriteLine($"    {device.VariantName(spec)}");

        var (weightError, inputError) = (0f, 0f);
        var result = terminal.Watch(say =>
        {
            say("compiling kernels");
            var kernels = device.Compile(specs);
            cancellation.ThrowIfCancellationRequested();
            var forward = kernels.Forward<T>().Kernel;
            say("reading weights");
            using var block = new MoeBlock<T>(
                layer,
                kernels.Route<float>().Kernel,
                (x, experts, routing, ids, y, splitK, token) => forward(x, experts, routing, ids, y, splitK, token),
                format,
                shared is { } sharedFormat ? LoadShared(layer, kernels, sharedFormat, cancellation) : null,
                new LoadedExperts(config.Experts, say),
                cancellation);
            weightError = block.LargestWeightError;
            if (request.Record is not null) Record(request.Record, block, hidden, tokens, cancellation);
            say("computing");
            var output = Compute(block);
            if (!roundsInputs) return output;

            say("computing with unquantised inputs");
            forward = device.Compile(LayerSpecs(config, format, shared, roundsInputs: false)).Forward<T>().Kernel;
            inputError = TensorPrimitives.Distance(output, Compute(block)) / TensorPrimitives.Norm(output);
            return output;
        });
        if (weightError > 0) terminal.Output.WriteLine(FormattableString.Invariant($"quantised weights differ from the checkpoint's by at most {weightError:G3}"));
        if (roundsInputs) terminal.Output.WriteLine(FormattableString.Invariant($"quantising the routed experts' inputs changes the output by {inputError:P2} (root mean square)"));
        return result;

        float[] Compute(MoeBlock<T> block)
        {
            var output = new float[hidden.Length];
            nint[] shape = [tokens, config.HiddenSize];
            block.Forward(new ReadOnlyTensorSpan<float>(hidden, shape), new TensorSpan<float>(output, shape), cancellation);
            return output;
        }
    }

    private static void Record<T>(string path, MoeBlock<T> block, float[] hidden, int tokens, CancellationToken cancellation)
        where T : unmanaged
    {
        var topK = block.TopK;
        var (ids, weights) = (new int[tokens * topK], new float[tokens * topK]);
        nint[] shape = [tokens, topK];
        block.Route(new ReadOnlyTensorSpan<float>(hidden, [tokens, hidden.Length / tokens]), new TensorSpan<float>(weights, shape), new TensorSpan<int>(ids, shape), cancellation);
        RoutingFile.Write(path, new ExpertRouting(topK, ids, weights));
    }

    private static SharedExperts LoadShared(MoeLayerTensors layer, IDeviceKernels kernels, ExpertFormat format, CancellationToken cancellation)
    {
        return format.Type switch
        {
            DType.Float16 => Load<Half>(),
            DType.BFloat16 => Load<BFloat16>(),
            DType.Float8E4M3 => Load<Float8E4M3>(),
            DType.Int8 => Load<sbyte>(),
            DType.Int4 => Load<Int4Pair>(),
            _ => Load<float>(),
        };

        SharedExperts Load<T>()
            where T : unmanaged => SharedExperts.Load(layer, kernels.Forward<T>().Kernel, format, cancellation: cancellation);
    }

    /// <summary>The gate, the routed experts and, unless they use the same kernel, the shared ones.</summary>
    private static IKernelSpec[] LayerSpecs(MoeModelConfig config, ExpertFormat format, ExpertFormat? sharedFormat, bool roundsInputs)
    {
        var gate = new MoeGateSpec(
            config.Experts, config.TopK, config.Scoring, config.CorrectionBias, config.Groups, config.TopKGroups, config.Renormalize);
        var routed = new FusedMoeSpec(
            config.Experts, config.TopK, config.HiddenSize, config.IntermediateSize, config.Activation!.Value, format.Type,
            Quantization: format.Quantization, GroupSize: format.GroupSize, ZeroPoints: format.ZeroPoints)
        {
            Bias = config.ExpertBias,
            RouterWeightOnInput = config.RouterWeightOnInput,
            ActivationQuantization = new WeightsFormat(format, roundsInputs).Inputs,
        };
        if (sharedFormat is not { } other) return [gate, routed];
        var shared = routed with
        {
            Experts = 1,
            TopK = 1,
            IntermediateSize = config.SharedIntermediateSize,
            WeightType = other.Type,
            Quantization = other.Quantization,
            GroupSize = other.GroupSize,
            ZeroPoints = other.ZeroPoints,
            ActivationQuantization = new WeightsFormat(other, roundsInputs).Inputs,
        };
        return shared == routed ? [gate, routed] : [gate, routed, shared];
    }

    private static (float[] Hidden, int Tokens) ReadHidden(TensorFile input, int hiddenSize)
    {
        using var file = input.Open();
        var tensor = input.Find(file, InputName);
        if (tensor.Shape[1] != hiddenSize)
            throw new UsageException($"{input.Path}: tensor {tensor.Info} does not fit the model; expected [T, H] = [T, {hiddenSize}]");
        var values = tensor.ReadSingles();
        if (tensor.Shape[0] == 0) throw new UsageException($"{input.Path}: tensor {tensor.Info} has no tokens");
        return (values, (int)tensor.Shape[0]);
    }

    private static float[] ReadExpected(TensorFile expect, int tokens, int hiddenSize)
    {
        using var file = expect.Open();
        var tensor = expect.Find(file, OutputName);
        if (tensor.Shape[0] != tokens || tensor.Shape[1] != hiddenSize)
            throw new UsageException($"{expect.Path}: tensor {tensor.Info} cannot be compared with the output [{tokens}, {hiddenSize}]");
        return tensor.ReadSingles();
    }

    private static void Write(string path, float[] output, int tokens, int hiddenSize)
    {
        using var writer = new SafetensorsWriter(path, [new SafetensorsTensorInfo(OutputName, SafetensorsDType.Float32, [tokens, hiddenSize])]);
        writer.Write<float>(OutputName, output);
        writer.Commit();
    }

    private static void Compare(LayerRequest request, float[] output, float[] expected, int hiddenSize, Terminal terminal)
    {
        var comparison = Comparison.Of(output, expected, hiddenSize, request.RelativeTolerance, request.AbsoluteTolerance);
        if (comparison.Mismatches > 0) throw new CheckFailedException($"the output differs from {request.Expect}: {comparison}");
        terminal.Output.WriteLine($"the output matches {request.Expect}: {comparison}");
    }
}
