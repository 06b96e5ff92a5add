using ILGPU.Runtime;

namespace KernelGen.Ilgpu;

/// <summary>A value that is created once per accelerator and dropped when the accelerator is disposed.</summary>
/// <remarks>Lookups are lock-free: a program has one accelerator or a handful.</remarks>
internal sealed class PerAccelerator<T>(Func<Accelerator, T> make)
    where T : class
{
    private readonly object _changes = new();
    private volatile Entry[] _entries = [];

    /// <summary>Returns the value for <paramref name="accelerator"/>, created on first use.</summary>
    public T Of(Accelerator accelerator)
    {
        foreach (var entry in _entries)
        {
            if (ReferenceEquals(entry.Accelerator, accelerator)) return entry.Value;
        }

        return Make(accelerator);
    }

    private T Make(Accelerator accelerator)
    {
        lock (_changes)
        {
            if (Array.Find(_entries, entry => ReferenceEquals(entry.Accelerator, accelerator)) is { Value: { } made }) return made;
            var value = make(accelerator);
            _entries = [.. _entries, new Entry(accelerator, value)];
            accelerator.Disposed += (_, _) => Forget(accelerator);
            return value;
        }
    }

    private void Forget(Accelerator accelerator)
    {
        lock (_changes) _entries = Array.FindAll(_entries, entry => !ReferenceEquals(entry.Accelerator, accelerator));
    }

    private readonly record struct Entry(Accelerator Accelerator, T Value);
}
