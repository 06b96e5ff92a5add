using System.Numerics.Tensors;

namespace KernelGen.Benchmarking;

/// <summary>A layer of random experts with more random tokens than one call takes, so that consecutive calls use different tokens.</summary>
/// <typeparam name="T">Weight type, as supported by <see cref="ExpertWeights{T}"/>.</typeparam>
public sealed unsafe class ExpertsWorkload<T> : IDisposable
    where T : unmanaged
{
    private const int SpareTokens = 256;

    private readonly float[] _hidden;
    private readonly float[] _routerWeights;
    private readonly int[] _experts;
    private readonly float[] _output;
    private readonly int _pool;
    private readonly double _slotsOfToken; // excluding those of other ranks' experts
    private readonly ReferenceActivation _activation;
    private readonly ReferenceRounding _rounding;

    /// <summary>Creates the weights and the tokens.</summary>
    /// <param name="experts">Number of experts E.</param>
    /// <param name="topK">Experts of each token, k.</param>
    /// <param name="hiddenSize">H.</param>
    /// <param name="intermediateSize">I.</param>
    /// <param name="maxTokens">The largest token count of a call.</param>
    /// <param name="activation">The experts' activation.</param>
    /// <param name="activationLimit">The activation's limit, if it has one.</param>
    /// <param name="quantization">Which weights share a scale, for types that have scales.</param>
    /// <param name="groupSize">Number of weights per group, or 0.</param>
    /// <param name="inputs">How the kernels quantise the GEMM inputs: per token, or not at all.</param>
    /// <param name="routing">The experts of the tokens; by default all are equally likely.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="maxTokens"/> is larger than <see cref="MaxTokens"/>.</exception>
    /// <exception cref="OutOfMemoryException">There is not enough memory.</exception>
    public ExpertsWorkload(
        int experts, int topK, int hiddenSize, int intermediateSize, int maxTokens, MoeActivation activation = MoeActivation.SiluAndMul, float activationLimit = 0,
        WeightQuantization quantization = WeightQuantization.None, int groupSize = 0, ActivationQuantization inputs = ActivationQuantization.None,
        ExpertRouting? routing = null)
    {
        _rounding = new ReferenceRounding(inputs, Integers: typeof(T) == typeof(sbyte));
        (TopK, HiddenSize, _activation) = (topK, hiddenSize, new ReferenceActivation(activation, activationLimit));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(maxTokens, MaxTokens(topK, hiddenSize));
        _pool = maxTokens + Math.Max(maxTokens, SpareTokens);
        _hidden = RandomNumbers.Normal((long)_pool * hiddenSize, seed: 1);
        _output = new float[(long)maxTokens * hiddenSize];
        var drawn = routing?.Repeat(_pool) ?? ExpertRouting.Uniform(_pool, experts, topK);
        (_experts, _routerWeights) = (drawn.Ids, drawn.Weights);
        _slotsOfToken = (double)_experts.Count(expert => expert >= 0) / _pool;

        if (quantization != WeightQuantization.None)
        {
            Weights = Quantized(experts, hiddenSize, intermediateSize, quantization, groupSize);
            return;
        }

        var matrix = (long)hiddenSize * intermediateSize;
        var memory = new NativeBuffer<T>(checked((nint)(3 * experts * matrix)));
        RandomNumbers.FillUniform(memory.Start, 2 * experts * matrix, MathF.Sqrt(3f / hiddenSize), seed: 2);
        RandomNumbers.FillUniform(memory.Start + (2 * experts * matrix), experts * matrix, MathF.Sqrt(3f / intermediateSize), seed: 3);
        nint[] Matrices(int first) => [.. Enumerable.Range(first, experts).Select(number => (nint)(memory.Start + (number * matrix)))];
        Weights = ExpertWeights<T>.FromPointers(hiddenSize, intermediateSize, Matrices(0), _activation.IsGated ? Matrices(experts) : [], Matrices(2 * experts), memory);
    }

    /// <summary>The experts.</summary>
    public ExpertWeights<T> Weights { get; }

    /// <summary>Experts of each token, k.</summary>
    public int TopK { get; }

    private int HiddenSize { get; }

    // Without scales, which are a few per cent of the weights.
    private static double BytesPerWeight => typeof(T) == typeof(Int4Pair) ? 0.5 : sizeof(T);

    private int MatricesOfExpert => _activation.IsGated ? 3 : 2;

    /// <summary>The largest token count, given that all hidden states are in one array.</summary>
    public static int MaxTokens(int topK, int hiddenSize) => (Array.MaxLength / Math.Max(hiddenSize, topK) / 2) - SpareTokens;

    /// <summary>Approximate size of a workload of this shape in bytes.</summary>
    public static double BytesFor(int experts, int topK, int hiddenSize, int intermediateSize, int maxTokens) =>
        (3.0 * experts * hiddenSize * intermediateSize * BytesPerWeight) + ((3.0 * maxTokens + SpareTokens) * 4 * (hiddenSize + (2.0 * topK)));

    /// <summary>Floating-point operations of a call of <paramref name="tokens"/> tokens.</summary>
    public double Operations(int tokens) => 2.0 * MatricesOfExpert * tokens * _slotsOfToken * HiddenSize * Weights.IntermediateSize;

    /// <summary>Average bytes of the distinct experts that a call of <paramref name="tokens"/> tokens reads.</summary>
    public double WeightBytes(int tokens)
    {
        const int Calls = 64;
        var distinct = Enumerable.Range(0, Calls).Average(call => _experts.AsSpan(FirstToken(call, tokens) * TopK, tokens * TopK).ToArray().Where(expert => expert >= 0).Distinct().Count());
        return distinct * MatricesOfExpert * HiddenSize * Weights.IntermediateSize * BytesPerWeight;
    }

    /// <summary>Runs a kernel on the tokens of one call.</summary>
    /// <param name="forward">The kernel.</param>
    /// <param name="tokens">T.</param>
    /// <param name="call">Index of the call, which selects the tokens.</param>
    /// <param name="splitK">As in <see cref="ExpertsForward{T}"/>.</param>
    public void Run(ExpertsForward<T> forward, int tokens, int call, int splitK = 0)
    {
        var first = FirstToken(call, tokens);
        forward(
            new ReadOnlyTensorSpan<float>(_hidden, first * HiddenSize, [tokens, HiddenSize], []),
            Weights,
            new ReadOnlyTensorSpan<float>(_routerWeights, first * TopK, [tokens, TopK], []),
            new ReadOnlyTensorSpan<int>(_experts, first * TopK, [tokens, TopK], []),
            new TensorSpan<float>(_output, 0, [tokens, HiddenSize], []),
            splitK);
    }

    /// <summary>
    /// Runs a kernel and compares tokens, from the first to the last, with a double-precision reference: as many as take about half a second.
    /// </summary>
    /// <param name="forward">The kernel.</param>
    /// <param name="tokens">T.</param>
    /// <param name="splitK">As in <see cref="ExpertsForward{T}"/>.</param>
    /// <param name="rounding">Allowed error of an output due to the kernel's rounding of inputs, relative to the token's largest output.</param>
    public Verification Verify(ExpertsForward<T> forward, int tokens, int splitK = 0, double rounding = 0)
    {
        const double MaxProducts = 1e8;
        _output.AsSpan().Fill(float.NaN);
        Run(forward, tokens, call: 0, splitK);

        var rows = (int)Math.Clamp(MaxProducts / (Operations(1) / 2), 1, tokens);
        var maxError = 0.0;
        string? mismatch = null;
        for (var row = 0; row < rows; row++)
        {
            var token = rows == 1 ? tokens - 1 : (int)((long)row * (tokens - 1) / (rows - 1));
            var (expected, slack) = ExpertsReference.Forward(
                Weights, _activation, _rounding, _hidden.AsSpan(token * HiddenSize, HiddenSize), _routerWeights.AsSpan(token * TopK, TopK), _experts.AsSpan(token * TopK, TopK));
            var tolerance = (1e-5 + rounding) * expected.Max(Math.Abs);
            for (var h = 0; h < HiddenSize; h++)
            {
                var actual = _output[(token * HiddenSize) + h];
                var error = Math.Abs(actual - expected[h]);
                if (!(error <= tolerance + (1e-4 * Math.Abs(expected[h])) + slack[h]))
                    mismatch ??= FormattableString.Invariant($"output[{token}, {h}] is {actual:G9}; expected {expected[h]:G9}");
                if (!double.IsNaN(error)) maxError = Math.Max(maxError, error);
            }
        }

        return new Verification(maxError, mismatch);
    }

    /// <summary>Frees the weights.</summary>
    public void Dispose() => Weights.Dispose();

    private ExpertWeights<T> Quantized(int experts, int hiddenSize, int intermediateSize, WeightQuantization quantization, int groupSize)
    {
        using var quantizer = new ExpertQuantizer<T>(experts, hiddenSize, intermediateSize, quantization, groupSize, _activation.IsGated);
        Parallel.For(0, experts, expert =>
        {
            float[] Matrix(int projection, int width)
            {
                var matrix = new float[checked(hiddenSize * intermediateSize)];
                fixed (float* first = matrix) RandomNumbers.FillUniform(first, matrix.Length, MathF.Sqrt(3f / width), seed: (3 * expert) + projection);
                return matrix;
            }

            quantizer.Add(expert, Matrix(0, hiddenSize), _activation.IsGated ? Matrix(1, hiddenSize) : [], Matrix(2, intermediateSize));
        });
        return quantizer.Build();
    }

    // Calls with few tokens walk through the pool; calls with many start at different tokens each time.
    private int FirstToken(int call, int tokens) => (int)((long)call * tokens % (_pool - tokens + 1));
}
