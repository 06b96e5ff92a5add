using System.Globalization;

namespace KernelGen;

/// <summary>
/// Expert parallelism: which of E experts a rank owns, and their local ids. P ranks own consecutive ranges; the first E mod P of
/// them own ⌊E/P⌋ + 1 experts, the others ⌊E/P⌋. The experts' kernels skip slots whose id is −1.
/// </summary>
/// <remarks>A kernel has at least as many experts as a token has slots. A rank that owns fewer repeats the addresses of one.</remarks>
public sealed class ExpertMap
{
    /// <summary>Creates the map of one rank.</summary>
    /// <param name="experts">Number of experts E in the layer.</param>
    /// <param name="ranks">Number of ranks P, 1 to E.</param>
    /// <param name="rank">The rank, 0 to P − 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of range.</exception>
    public ExpertMap(int experts, int ranks, int rank)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(experts, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(ranks, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(ranks, experts);
        ArgumentOutOfRangeException.ThrowIfNegative(rank);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(rank, ranks);
        var (each, remainder) = Math.DivRem(experts, ranks);
        Experts = experts;
        LocalExperts = rank < remainder ? each + 1 : each;
        FirstExpert = (rank * each) + Math.Min(rank, remainder);
    }

    /// <summary>Number of experts E in the layer.</summary>
    public int Experts { get; }

    /// <summary>Number of experts that the rank owns.</summary>
    public int LocalExperts { get; }

    /// <summary>The first expert that the rank owns.</summary>
    public int FirstExpert { get; }

    /// <summary>Local id of an expert, or −1 if it belongs to another rank.</summary>
    /// <param name="expert">0 to E − 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such expert.</exception>
    public int this[int expert]
    {
        get
        {
            if ((uint)expert >= (uint)Experts) throw UnknownExpert(nameof(expert), expert, "expert");
            var local = expert - FirstExpert;
            return (uint)local < (uint)LocalExperts ? local : -1;
        }
    }

    /// <summary>Maps a gate's expert ids to local ids. Ids of other ranks' experts become −1; −1 stays −1.</summary>
    /// <param name="experts">Ids, for example [T, k].</param>
    /// <param name="local">Receives the local ids; may be <paramref name="experts"/> itself.</param>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An id is neither −1 nor within 0 … E − 1; ids from there on are not written.</exception>
    public void Map(ReadOnlySpan<int> experts, Span<int> local)
    {
        if (local.Length != experts.Length) throw new ArgumentException($"local holds {local.Length} ids; expected as many as experts, {experts.Length}", nameof(local));
        for (var i = 0; i < experts.Length; i++)
        {
            var expert = experts[i];
            if ((uint)expert >= (uint)Experts && expert != -1) throw UnknownExpert(nameof(experts), expert, string.Create(CultureInfo.InvariantCulture, $"experts[{i}]"));
            var owned = expert - FirstExpert;
            local[i] = (uint)owned < (uint)LocalExperts ? owned : -1;
        }
    }

    private ArgumentOutOfRangeException UnknownExpert(string argument, int id, string place) => new(
        argument, id, string.Create(CultureInfo.InvariantCulture, $"{place} is {id}; expected an id from 0 to {Experts - 1}"));
}
