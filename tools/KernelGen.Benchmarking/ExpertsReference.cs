namespace KernelGen.Benchmarking;

/// <summary>The experts of one token in double precision.</summary>
internal static unsafe class ExpertsReference
{
    /// <summary>Σ over the slots of weight · down(activation(gate(x), up(x))).</summary>
    /// <param name="memory">All gate projections [E, I, H], then all up projections, then all down projections [E, H, I].</param>
    /// <param name="experts">E.</param>
    /// <param name="intermediateSize">I.</param>
    /// <param name="activation">What an expert does between its products.</param>
    /// <param name="hidden">[H].</param>
    /// <param name="weights">[k].</param>
    /// <param name="ids">[k].</param>
    public static double[] Forward<T>(
        T* memory, int experts, int intermediateSize, ReferenceActivation activation, ReadOnlySpan<float> hidden, ReadOnlySpan<float> weights, ReadOnlySpan<int> ids)
        where T : unmanaged
    {
        var x = hidden.ToArray();
        var output = new double[x.Length];
        var activated = new double[intermediateSize];
        var matrix = (long)x.Length * intermediateSize;
        for (var slot = 0; slot < ids.Length; slot++)
        {
            T* gate = memory + (ids[slot] * matrix), up = gate + (experts * matrix), down = up + (experts * matrix);
            Parallel.For(0, activated.Length, i =>
            {
                double g = 0, u = 0;
                for (var h = 0; h < x.Length; h++)
                {
                    g += x[h] * Widen(gate, ((long)i * x.Length) + h);
                    u += x[h] * Widen(up, ((long)i * x.Length) + h);
                }

                activated[i] = activation.Of(g, u);
            });

            var weight = weights[slot];
            Parallel.For(0, output.Length, h =>
            {
                double sum = 0;
                for (var i = 0; i < activated.Length; i++) sum += activated[i] * Widen(down, ((long)h * activated.Length) + i);
                output[h] += weight * sum;
            });
        }

        return output;
    }

    private static double Widen<T>(T* matrix, long index)
        where T : unmanaged => typeof(T) == typeof(float) ? ((float*)matrix)[index] : (float)((BFloat16*)matrix)[index];
}
