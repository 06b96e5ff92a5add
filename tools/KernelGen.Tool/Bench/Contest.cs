using KernelGen.Benchmarking;

namespace KernelGen.Tool;

/// <summary>Verifies kernels, then times them: those of the CPU in turn, those of a device one by one.</summary>
internal static class Contest
{
    /// <summary>Runs a comparison for one token count.</summary>
    /// <param name="bench">Receives the rows.</param>
    /// <param name="contenders">The kernels.</param>
    /// <param name="tokens">T.</param>
    /// <param name="verify">Compares a kernel with the reference.</param>
    /// <param name="call">Runs a contender's kernel on the input with the given index.</param>
    /// <param name="row">Creates a row.</param>
    /// <exception cref="CheckFailedException">A kernel's result differs from the reference.</exception>
    public static void Run<TKernel>(
        BenchContext bench, IReadOnlyList<Contender<TKernel>> contenders, int tokens,
        Func<Contender<TKernel>, Verification> verify, Action<Contender<TKernel>, TKernel, int> call, Func<Contender<TKernel>, Timing, Verification, BenchRow> row)
        where TKernel : Delegate
    {
        bench.Say($"verifying {tokens} tokens");
        var checks = contenders.Select(contender =>
        {
            bench.Cancellation.ThrowIfCancellationRequested();
            var check = verify(contender);
            return check.Mismatch is null ? check : throw new CheckFailedException($"{contender.Variant}, {tokens} tokens: {check.Mismatch}");
        }).ToArray();

        bench.Say($"timing {tokens} tokens");
        var onProcessor = contenders.Where(contender => contender.OnDevice is null).ToArray();
        var turns = onProcessor.Length == 0 ? [] : Timing.SideBySide(
            [.. onProcessor.Select(contender => (Action<int>)(number => call(contender, contender.Kernel, number)))], BenchContext.Budget, bench.Cancellation, bench.BeforeCall);
        for (var i = 0; i < contenders.Count; i++)
        {
            var contender = contenders[i];
            var timing = contender.OnDevice is { } kernel
                ? kernel.Time((staged, number) => call(contender, staged, number), BenchContext.Budget, bench.Cancellation)
                : turns[Array.IndexOf(onProcessor, contender)];
            bench.Rows.Add(row(contender, timing, checks[i]));
        }
    }
}
