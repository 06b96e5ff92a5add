namespace KernelGen.Cpu;

/// <summary>While this scope is active, a cancelled token ends <see cref="CpuWorkers.Run"/> on this thread between two items with an <see cref="OperationCanceledException"/>.</summary>
/// <remarks>Kernels take blittable structures by address, which cannot hold a token, so the token is attached to the calling thread.</remarks>
public readonly ref struct CancellationScope
{
    [ThreadStatic]
    private static CancellationToken _current;

    private readonly CancellationToken _outer;

    /// <summary>Begins the scope.</summary>
    /// <param name="cancellation">The token; the default token never cancels.</param>
    /// <exception cref="OperationCanceledException">The token is already cancelled.</exception>
    public CancellationScope(CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        (_outer, _current) = (_current, cancellation);
    }

    /// <summary>The token of this thread's scope.</summary>
    internal static CancellationToken Current => _current;

    /// <summary>Ends the scope and restores the enclosing one, if any.</summary>
    public void Dispose() => _current = _outer;
}
