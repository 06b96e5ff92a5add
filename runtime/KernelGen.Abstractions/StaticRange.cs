namespace KernelGen;

/// <summary>The numbers of a <see cref="Static.Range(int)"/>, enumerated without allocation.</summary>
public readonly struct StaticRange
{
    private readonly int _start;
    private readonly int _end;
    private readonly int _step;

    internal StaticRange(int start, int end, int step)
    {
        if (step < 1) throw new ArgumentOutOfRangeException(nameof(step), step, "the step of a range must be at least 1");
        _start = start;
        _end = end;
        _step = step;
    }

    /// <summary>Starts the enumeration for <c>foreach</c>.</summary>
    public Enumerator GetEnumerator() => new(_start, _end, _step);

    /// <summary>Enumerates a <see cref="StaticRange"/>.</summary>
    public struct Enumerator
    {
        private readonly int _end;
        private readonly int _step;
        private long _current;

        internal Enumerator(int start, int end, int step)
        {
            _end = end;
            _step = step;
            _current = (long)start - step;
        }

        /// <summary>The current number.</summary>
        public readonly int Current => (int)_current;

        /// <summary>Advances to the next number; false after the last.</summary>
        public bool MoveNext() => (_current += _step) < _end;
    }
}
