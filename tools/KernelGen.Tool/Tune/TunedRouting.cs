using KernelGen.Benchmarking;
using KernelGen.HuggingFace;

namespace KernelGen.Tool.Tune;

/// <summary>The experts of the tokens in a search, recorded or random.</summary>
internal static class TunedRouting
{
    private const int LeastPool = 512;

    /// <summary>The routing of the first rank: slots of other ranks' experts are skipped, a shared expert is added.</summary>
    public static ExpertRouting Of(TuneRequest request, ShardedShape shape)
    {
        var shared = shape.Whole.HasSharedExpert ? 1 : 0;
        var topK = shape.Whole.TopK - shared;
        if (request.RecordedIds is not null && request.Skew > 0) throw new UsageException("--skew applies to random ids; it cannot be combined with --topk-ids");
        var routing = request.RecordedIds is { } path
            ? RoutingFile.Read(path, shape.RoutedExperts, topK)
            : ExpertRouting.Skewed(Math.Max(2 * request.Tokens.Max(), LeastPool), shape.RoutedExperts, topK, request.Skew);
        var local = shape.Experts - shared;
        if (local < shape.RoutedExperts) routing = routing.OfFirstRank(local);
        return shared > 0 ? routing.WithShared(local) : routing;
    }
}
