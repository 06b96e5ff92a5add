using System.Diagnostics;
using System.Globalization;
using KernelGen.Benchmarking;
using KernelGen.Cpu;

namespace KernelGen.Kernels.Benchmarks;

/// <summary>Many small calls of every family, which must not allocate or grow the process.</summary>
internal static class Soak
{
    private const int WarmUp = 20_000;

    // As many tokens as a decoding server has in flight: below and above the limit from which a call uses several threads.
    private static readonly int[] Tokens = [1, 2, 3, 8];

    /// <summary>Prints one line per family.</summary>
    /// <param name="calls">Number of calls per family.</param>
    /// <returns>The exit code: 1 if the calling thread allocated anything.</returns>
    public static int Run(int calls)
    {
        var shape = new GateShape(64, 6, GateScoring.Sigmoid, CorrectionBias: true, Groups: 1, TopKGroups: 1, Renormalize: true);
        var gate = new GateWorkload<float>(shape, Tokens.Max());
        using var experts = new ExpertsWorkload<float>(experts: 8, topK: 2, hiddenSize: 64, intermediateSize: 48, Tokens.Max());
        var router = new OmniRouterWorkload(expertsPerAxis: 48, topK: 8, Tokens.Max());
        router.PrepareBackward(Small.Route);
        var neurons = new OmniExpertsInputs(perAxis: 16, topK: 8, hiddenSize: 64, Tokens.Max());

        Write("family", "calls", "µs a call", "B, thread", "B, process", "gen 0", "MiB before", "MiB after");
        var allocated = 0L;
        allocated += Repeat("gate", calls, (tokens, call) => gate.Run(Small.Route, tokens, call));
        allocated += Repeat("experts", calls, (tokens, call) => experts.Run(Small.Forward, tokens, call, splitK: 1));
        allocated += Repeat("experts, split-K 2", calls, (tokens, call) => experts.Run(Small.Forward, tokens, call, splitK: 2));
        allocated += Repeat("product-key router", calls, (tokens, call) => router.Run(Small.Route, tokens, call));
        allocated += Repeat("  backward", calls, (tokens, call) => router.Run(Small.RouteBackward, tokens, call));
        allocated += Repeat("neuron experts", calls, (tokens, _) => neurons.Forward(tokens));
        allocated += Repeat("  backward", calls, (tokens, _) => neurons.Backward(tokens));
        return allocated == 0 ? 0 : 1;
    }

    private static long Repeat(string family, int calls, Action<int, int> run)
    {
        for (var call = 0; call < WarmUp; call++) run(Tokens[call % Tokens.Length], call);

        var workingSet = Environment.WorkingSet;
        var collections = GC.CollectionCount(0);
        var ofProcess = GC.GetTotalAllocatedBytes(precise: true);
        var ofThread = GC.GetAllocatedBytesForCurrentThread();
        var start = Stopwatch.GetTimestamp();
        for (var call = 0; call < calls; call++) run(Tokens[call % Tokens.Length], call);
        var time = Stopwatch.GetElapsedTime(start);
        ofThread = GC.GetAllocatedBytesForCurrentThread() - ofThread;
        ofProcess = GC.GetTotalAllocatedBytes(precise: true) - ofProcess;
        collections = GC.CollectionCount(0) - collections;

        Write(
            family, Text(calls), (time.TotalMicroseconds / calls).ToString("F2", CultureInfo.InvariantCulture),
            Text(ofThread), Text(ofProcess), Text(collections), Text(workingSet >> 20), Text(Environment.WorkingSet >> 20));
        return ofThread;
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static void Write(params string[] cells) => Console.WriteLine("{0,-20}{1,10}{2,11}{3,11}{4,12}{5,7}{6,12}{7,11}", cells);
}
