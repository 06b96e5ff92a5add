namespace KernelGen.Benchmarking;

/// <summary>Reproducible random inputs, fast enough to fill gigabytes.</summary>
public static unsafe class RandomNumbers
{
    private const int Chunk = 1 << 16;

    /// <summary>Fills memory with uniform numbers in [−<paramref name="scale"/>, <paramref name="scale"/>), on all threads.</summary>
    /// <typeparam name="T"><see cref="float"/>, <see cref="Half"/> or <see cref="BFloat16"/>.</typeparam>
    /// <param name="target">Memory for <paramref name="count"/> numbers.</param>
    /// <param name="count">Number of elements.</param>
    /// <param name="scale">Largest magnitude.</param>
    /// <param name="seed">The same seed gives the same numbers, whatever the number of threads.</param>
    public static void FillUniform<T>(T* target, long count, float scale, int seed)
        where T : unmanaged
    {
        Parallel.For(0, (count + Chunk - 1) / Chunk, chunk =>
        {
            var end = Math.Min((chunk + 1) * Chunk, count);
            for (var i = chunk * Chunk; i < end; i++)
            {
                var value = scale * (((Mix((ulong)i + ((ulong)seed << 40)) >> 40) * (2f / (1 << 24))) - 1f);
                if (typeof(T) == typeof(float)) ((float*)target)[i] = value;
                else if (typeof(T) == typeof(Half)) ((Half*)target)[i] = (Half)value;
                else ((BFloat16*)target)[i] = (BFloat16)value;
            }
        });
    }

    /// <summary>Standard normal numbers.</summary>
    public static float[] Normal(long count, int seed)
    {
        var random = new Random(seed);
        var values = new float[count];
        for (var i = 0L; i < count; i++)
        {
            var radius = Math.Sqrt(-2.0 * Math.Log(1.0 - random.NextDouble()));
            values[i] = (float)(radius * Math.Cos(2.0 * Math.PI * random.NextDouble()));
        }

        return values;
    }

    /// <summary>The splitmix64 generator's output function.</summary>
    private static ulong Mix(ulong index)
    {
        var z = (index + 1) * 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
