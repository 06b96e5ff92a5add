namespace KernelGen.Testing;

/// <summary>Random inputs whose seed can be printed and given again: set KERNELGEN_SEED to repeat a run.</summary>
public sealed class SeededRandom
{
    private readonly Random _random;

    /// <summary>Takes the seed of the environment, else a fresh one, mixed with the number of the case.</summary>
    public SeededRandom(int testCase = 0)
        : this(BaseSeed, testCase)
    {
    }

    private SeededRandom(int baseSeed, int testCase)
    {
        Description = $"KERNELGEN_SEED={baseSeed}, case {testCase}";
        _random = new Random(unchecked((baseSeed * 31) + testCase));
    }

    /// <summary>What repeats the inputs; put it into every assertion message.</summary>
    public string Description { get; }

    private static int BaseSeed { get; } =
        int.TryParse(Environment.GetEnvironmentVariable("KERNELGEN_SEED"), out var seed) ? seed : Environment.TickCount;

    /// <summary>A number from <paramref name="least"/> to <paramref name="most"/>, both included.</summary>
    public int Int(int least, int most) => _random.Next(least, most + 1);

    /// <summary>One of the given values.</summary>
    public T Pick<T>(params T[] values) => values[_random.Next(values.Length)];

    /// <summary>True in half of all calls.</summary>
    public bool Bool() => _random.Next(2) == 0;

    /// <summary>Uniform in [<paramref name="low"/>, <paramref name="high"/>).</summary>
    public float Float(float low, float high) => low + ((high - low) * _random.NextSingle());

    /// <summary>One of all 8-bit floats but the two NaN, each as likely.</summary>
    public Float8E4M3 Float8()
    {
        var bits = Int(0, 253);
        return new((byte)(bits < 127 ? bits : bits + 1));
    }

    /// <summary>Standard normal numbers times <paramref name="scale"/>.</summary>
    public float[] Normal(int count, float scale = 1f)
    {
        var values = new float[count];
        for (var i = 0; i < count; i++)
        {
            var radius = Math.Sqrt(-2.0 * Math.Log(1.0 - _random.NextDouble()));
            values[i] = scale * (float)(radius * Math.Cos(2.0 * Math.PI * _random.NextDouble()));
        }

        return values;
    }

    /// <summary>The numbers 0 … n − 1 in random order.</summary>
    public int[] Permutation(int n)
    {
        var order = Enumerable.Range(0, n).ToArray();
        _random.Shuffle(order);
        return order;
    }
}
