using System.Numerics.Tensors;
using KernelGen.Compiler.Families;
using KernelGen.Testing;

namespace KernelGen.Tests;

/// <summary>Random inputs of neuron experts, with padded rows, and the results in double precision.</summary>
internal sealed class NeuronCase
{
    private readonly int _tokens;
    private readonly int _experts;
    private readonly int _topK;
    private readonly int _hiddenSize;
    private readonly int _gap;

    public NeuronCase(OmniExpertsSpec spec, int tokens, SeededRandom random, bool dense = false)
    {
        (_tokens, _experts, _topK, _hiddenSize) = (tokens, spec.ExpertsPerAxis * spec.ExpertsPerAxis, spec.TopK, spec.HiddenSize);
        _gap = dense ? 0 : random.Pick(0, 0, 3);
        Description = $"{random.Description}: {spec.VariantName}, {tokens} tokens, rows {_gap} apart";
        Hidden = Matrix(random, tokens, _hiddenSize, 1f);
        Up = Matrix(random, _experts, _hiddenSize, 1f / MathF.Sqrt(_hiddenSize));
        Down = Matrix(random, _experts, _hiddenSize, 1f);
        Weights = Matrix(random, tokens, _topK, 1f);
        GradOutput = Matrix(random, tokens, _hiddenSize, 1f);

        // Few experts for many slots: their gradients are sums over tokens.
        var popular = random.Bool() ? _experts : Math.Min(_experts, _topK + 1);
        Experts = new int[Weights.Length];
        for (var t = 0; t < tokens; t++) random.Permutation(popular)[.._topK].CopyTo(Experts, t * (_topK + _gap));
    }

    public string Description { get; }

    public float[] Hidden { get; }

    public float[] Up { get; }

    public float[] Down { get; }

    public float[] Weights { get; }

    public int[] Experts { get; }

    public float[] GradOutput { get; }

    public float[] Output { get; private set; } = [];

    public float[] GradHidden { get; private set; } = [];

    public float[] GradUp { get; private set; } = [];

    public float[] GradDown { get; private set; } = [];

    public float[] GradWeights { get; private set; } = [];

    /// <summary>Runs the forward pass and compares.</summary>
    public void CheckForward(OmniExpertsForward forward)
    {
        Output = new float[Hidden.Length];
        forward(OfTokens(Hidden), OfExperts(Up), OfExperts(Down), OfSlots(Weights), OfSlots(Experts), Writable(Output, _tokens, _hiddenSize));
        var expected = new double[Hidden.Length];
        EachSlot((t, e, slot) =>
        {
            var s = Dot(Hidden, t, Up, e);
            for (var h = 0; h < _hiddenSize; h++) expected[At(t, h)] += s * Sigmoid(s) * Weights[slot] * Down[At(e, h)];
        });
        Compare("output", expected, Output, _tokens, _hiddenSize);
    }

    /// <summary>Runs the backward pass on gradients of the weights that are 1 before it, and compares.</summary>
    public void CheckBackward(OmniExpertsBackward backward)
    {
        (GradHidden, GradWeights) = (new float[Hidden.Length], new float[Weights.Length]);
        (GradUp, GradDown) = (Enumerable.Repeat(1f, Up.Length).ToArray(), Enumerable.Repeat(1f, Down.Length).ToArray());
        backward(
            OfTokens(Hidden), OfExperts(Up), OfExperts(Down), OfSlots(Weights), OfSlots(Experts), OfTokens(GradOutput),
            Writable(GradHidden, _tokens, _hiddenSize), Writable(GradUp, _experts, _hiddenSize), Writable(GradDown, _experts, _hiddenSize), Writable(GradWeights, _tokens, _topK));
        var (hidden, weights) = (new double[Hidden.Length], new double[Weights.Length]);
        var (up, down) = (Enumerable.Repeat(1.0, Up.Length).ToArray(), Enumerable.Repeat(1.0, Down.Length).ToArray());
        EachSlot((t, e, slot) =>
        {
            var s = Dot(Hidden, t, Up, e);
            var a = Dot(GradOutput, t, Down, e);
            var (sigmoid, g) = (Sigmoid(s), Weights[slot]);
            weights[slot] = a * s * sigmoid;
            var ds = a * g * (sigmoid + (s * sigmoid * (1 - sigmoid)));
            for (var h = 0; h < _hiddenSize; h++)
            {
                hidden[At(t, h)] += ds * Up[At(e, h)];
                up[At(e, h)] += ds * Hidden[At(t, h)];
                down[At(e, h)] += s * sigmoid * g * GradOutput[At(t, h)];
            }
        });
        Compare("gradHidden", hidden, GradHidden, _tokens, _hiddenSize);
        Compare("gradWeights", weights, GradWeights, _tokens, _topK);
        Compare("gradUp", up, GradUp, _experts, _hiddenSize);
        Compare("gradDown", down, GradDown, _experts, _hiddenSize);
    }

    private void EachSlot(Action<int, int, int> visit)
    {
        for (var t = 0; t < _tokens; t++)
        {
            for (var slot = t * (_topK + _gap); slot < (t * (_topK + _gap)) + _topK; slot++) visit(t, Experts[slot], slot);
        }
    }

    private double Dot(float[] a, int aRow, float[] b, int bRow)
    {
        var sum = 0.0;
        for (var h = 0; h < _hiddenSize; h++) sum += (double)a[At(aRow, h)] * b[At(bRow, h)];
        return sum;
    }

    private int At(int row, int h) => (row * (_hiddenSize + _gap)) + h;

    private static double Sigmoid(double s) => 1 / (1 + Math.Exp(-s));

    // A sum's error is relative to the largest numbers of its matrix, not to its own size. What lies between rows stays as it was.
    private void Compare(string name, double[] expected, float[] actual, int rows, int columns)
    {
        var tolerance = 1e-5 * Math.Max(1, expected.Select(Math.Abs).DefaultIfEmpty(0).Max());
        for (var i = 0; i < expected.Length; i++)
        {
            var where = $"{Description}: {name}[{i / (columns + _gap)}, {i % (columns + _gap)}] is {actual[i]:R}, expected {expected[i]:R}";
            Assert.True(i / (columns + _gap) < rows && Math.Abs(expected[i] - actual[i]) <= (i % (columns + _gap) < columns ? tolerance : 0), where);
        }
    }

    private float[] Matrix(SeededRandom random, int rows, int columns, float scale) => random.Normal(rows * (columns + _gap), scale);

    private ReadOnlyTensorSpan<float> OfTokens(float[] values) => Writable(values, _tokens, _hiddenSize);

    private ReadOnlyTensorSpan<float> OfExperts(float[] values) => Writable(values, _experts, _hiddenSize);

    private ReadOnlyTensorSpan<T> OfSlots<T>(T[] values) => Writable(values, _tokens, _topK);

    private TensorSpan<T> Writable<T>(T[] values, int rows, int columns) => StridedRows.Of(values, 0, rows, columns, columns + _gap);
}
