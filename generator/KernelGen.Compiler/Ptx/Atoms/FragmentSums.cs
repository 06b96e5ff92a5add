namespace KernelGen.Compiler.Ptx;

/// <summary>
/// A thread's sums. Of a 16×8 fragment, elements 0 and 1 are columns 2·(lane mod 4) and the next, of row lane ÷ 4; elements 2 and 3 the same of the row eight further on.
/// <c>mma</c> and <c>wgmma</c> both lay sums out so.
/// </summary>
internal sealed class FragmentSums
{
    private readonly FragmentLayout _layout;
    private readonly Dictionary<(int M, int N, int Element), F32> _sums;

    /// <summary>Declares sums, of a name before that of each.</summary>
    public FragmentSums(PtxWriter writer, FragmentLayout layout, string prefix = "", string type = "f32")
    {
        _layout = layout;
        _sums = Places().ToDictionary(place => place, place => new F32($"{prefix}sum{place.M}_{place.N}_{place.Element}"));
        writer.Declare(type, [.. _sums.Values.Select(sum => sum.Name)]);
    }

    /// <summary>A sum.</summary>
    public F32 this[int m, int n, int element] => _sums[(m, n, element)];

    /// <summary>All sums.</summary>
    public IEnumerable<F32> All => Places().Select(place => _sums[place]);

    /// <summary>The four sums of a fragment.</summary>
    public IEnumerable<F32> Fragment(int m, int n) => Enumerable.Range(0, 4).Select(x => _sums[(m, n, x)]);

    private IEnumerable<(int M, int N, int Element)> Places() =>
        from m in Enumerable.Range(0, _layout.M)
        from n in Enumerable.Range(0, _layout.N)
        from element in Enumerable.Range(0, 4)
        select (m, n, element);
}
