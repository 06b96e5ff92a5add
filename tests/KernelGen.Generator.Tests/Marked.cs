using System.Text;
using Microsoft.CodeAnalysis.Text;

namespace KernelGen.Tests;

/// <summary>
/// A source in which <c>{|KG0004:TopK = 9|}</c> marks where a diagnostic is expected. Several ids for one place are divided by commas.
/// </summary>
internal sealed record Marked(string Source, IReadOnlyList<(string Id, TextSpan Span)> Expected)
{
    public static Marked Parse(string text)
    {
        var source = new StringBuilder();
        var open = new Stack<(string Ids, int Start)>();
        var expected = new List<(string Id, TextSpan Span)>();
        for (var at = 0; at < text.Length; at++)
        {
            if (At(text, at, "{|"))
            {
                var colon = text.IndexOf(':', at);
                open.Push((text[(at + 2)..colon], source.Length));
                at = colon;
            }
            else if (At(text, at, "|}"))
            {
                var (ids, start) = open.Pop();
                expected.AddRange(ids.Split(',').Select(id => (id, TextSpan.FromBounds(start, source.Length))));
                at++;
            }
            else
            {
                source.Append(text[at]);
            }
        }

        Assert.Empty(open);
        return new Marked(source.ToString(), expected);
    }

    private static bool At(string text, int index, string what) => string.CompareOrdinal(text, index, what, 0, what.Length) == 0;
}
