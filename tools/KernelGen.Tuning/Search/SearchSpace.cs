namespace KernelGen.Tuning;

/// <summary>What a search may choose among: every combination of the values of its keys.</summary>
/// <param name="Name">Its name, or the file that it was read from.</param>
/// <param name="Description">What it is, in a line.</param>
/// <param name="Parameters">Keys in the order of files, with their values in ascending order.</param>
public sealed record SearchSpace(string Name, string Description, IReadOnlyList<KeyValuePair<string, IReadOnlyList<int>>> Parameters)
{
    /// <summary>The family of the experts of a layer.</summary>
    public const string Experts = "moe";

    /// <summary>What kernels it is for: <c>moe</c>, or <c>omni</c> for the product-key router's.</summary>
    public string Family { get; init; } = Experts;

    /// <summary>Number of points.</summary>
    public long Count => Parameters.Aggregate(1L, (count, parameter) => count * parameter.Value.Count);

    /// <summary>All points, the last key running fastest.</summary>
    public IEnumerable<TuningPoint> Points()
    {
        var digits = new int[Parameters.Count];
        for (var left = Count; left > 0; left--)
        {
            yield return new TuningPoint(Parameters.Select((parameter, i) => KeyValuePair.Create(parameter.Key, parameter.Value[digits[i]])));
            for (var i = digits.Length - 1; i >= 0 && ++digits[i] == Parameters[i].Value.Count; i--) digits[i] = 0;
        }
    }

    /// <summary>The points that are one step from <paramref name="point"/>: the value before or after in one key.</summary>
    public IEnumerable<TuningPoint> Neighbours(TuningPoint point)
    {
        foreach (var (key, values) in Parameters)
        {
            var value = point.Get(key, int.MinValue);
            var above = values.TakeWhile(other => other <= value).Count();
            var below = values.TakeWhile(other => other < value).Count() - 1;
            foreach (var step in new[] { below, above })
            {
                if (step >= 0 && step < values.Count) yield return point.With([KeyValuePair.Create(key, values[step])]);
            }
        }
    }
}
