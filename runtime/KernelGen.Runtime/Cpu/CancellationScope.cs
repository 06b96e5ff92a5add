namespace KernelGen.Cpu;

/// <summary>While it lasts, <see cref="CpuWorkers.Run"/> on this thread ends between two items, with an <see cref="OperationCanceledException"/>, once the token is cancelled.</summary>
/// <remarks>Kernels take plain structures by address, which cannot hold a token; so the token goes with the thread that calls.</remarks>
public readonly ref struct CancellationScope
{
    [ThreadStatic]
    private static CancellationToken _current;

    private readonly CancellationToken _outer;

    /// <summary>Begins the scope.</summary>
    /// <param name="cancellation">The token; the default one never ends anything.</param>
    /// <exception cref="OperationCanceledException">The token is cancelled already.</exception>
    public CancellationScope(CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        (_outer, _current) = (_current, cancellation);
    }

    /// <summary>The token of this thread's scope.</summary>
    internal static CancellationToken Current => _current;

    /// <summary>Ends the scope; the one around it, if any, is in force again.</summary>
    public void Dispose() => _current = _outer;
}
