namespace KernelGen.Tuning;

/// <summary>A search space: every combination of the values of its keys.</summary>
/// <param name="Name">Its name, or the file from which it was read.</param>
/// <param name="Description">A one-line description.</param>
/// <param name="Parameters">Keys in file order, with their values in ascending order.</param>
public sealed record SearchSpace(string Name, string Description, IReadOnlyList<KeyValuePair<string, IReadOnlyList<int>>> Parameters)
{
    /// <summary>The family of the experts of a layer.</summary>
    public const string Experts = "moe";

    /// <summary>The kernel family: <c>moe</c>, or <c>omni</c> for product-key routers.</summary>
    public string Family { get; init; } = Experts;

    /// <summary>Number of points.</summary>
    public long Count => Parameters.Aggregate(1L, (count, parameter) => count * parameter.Value.Count);

    /// <summary>All points; the last key varies fastest.</summary>
    public IEnumerable<TuningPoint> Points()
    {
        var digits = new int[Parameters.Count];
        for (var left = Count; left > 0; left--)
        {
            yield return new TuningPoint(Parameters.Select((parameter, i) => KeyValuePair.Create(parameter.Key, parameter.Value[digits[i]])));
            for (var i = digits.Length - 1; i >= 0 && ++digits[i] == Parameters[i].Value.Count; i--) digits[i] = 0;
        }
    }

    /// <summary>The points one step from <paramref name="point"/>: the previous or next value in one key.</summary>
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
