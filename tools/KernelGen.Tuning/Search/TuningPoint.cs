using System.Globalization;

namespace KernelGen.Tuning;

/// <summary>One configuration: a number for each key of a tuning file. Points compare by content.</summary>
public sealed class TuningPoint : IEquatable<TuningPoint>
{
    private readonly KeyValuePair<string, int>[] _values;

    /// <summary>Creates a point; the order of the values is that of files and tables.</summary>
    /// <exception cref="ArgumentException">A key is duplicated.</exception>
    public TuningPoint(IEnumerable<KeyValuePair<string, int>> values)
    {
        _values = [.. values];
        if (_values.Select(value => value.Key).Distinct().Count() != _values.Length) throw new ArgumentException("a key is duplicated", nameof(values));
    }

    /// <summary>The values.</summary>
    public IReadOnlyList<KeyValuePair<string, int>> Values => _values;

    /// <summary>The value of a key, or <paramref name="absent"/>.</summary>
    public int Get(string key, int absent)
    {
        foreach (var value in _values)
        {
            if (value.Key == key) return value.Value;
        }

        return absent;
    }

    /// <summary>The same with other values for some keys; missing keys are added.</summary>
    public TuningPoint With(IEnumerable<KeyValuePair<string, int>> others)
    {
        var values = new List<KeyValuePair<string, int>>(_values);
        foreach (var other in others)
        {
            var index = values.FindIndex(value => value.Key == other.Key);
            if (index < 0) values.Add(other);
            else values[index] = other;
        }

        return new TuningPoint(values);
    }

    /// <inheritdoc/>
    public bool Equals(TuningPoint? other)
    {
        if (other is null || other._values.Length != _values.Length) return false;
        for (var i = 0; i < _values.Length; i++)
        {
            if (_values[i].Value != other._values[i].Value || _values[i].Key != other._values[i].Key) return false;
        }

        return true;
    }

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as TuningPoint);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = default(HashCode);
        foreach (var (key, value) in _values)
        {
            // The hash of a pair is that of its key only.
            hash.Add(key);
            hash.Add(value);
        }

        return hash.ToHashCode();
    }

    /// <summary>For example <c>SPLIT_K 4, num_warps 8</c>.</summary>
    public override string ToString() =>
        string.Join(", ", _values.Select(value => string.Create(CultureInfo.InvariantCulture, $"{value.Key} {value.Value}")));
}
