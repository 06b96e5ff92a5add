using System.Globalization;
using System.Net;
using System.Text;

namespace KernelGen.Tool.Report;

/// <summary>A small drawing. Colours are classes of the page's style sheet, so that it follows light and dark.</summary>
internal sealed class Svg(int width, int height, string title)
{
    private readonly StringBuilder _text = new();

    public void Line(double x1, double y1, double x2, double y2, string style) =>
        Append($"<line x1=\"{x1:0.#}\" y1=\"{y1:0.#}\" x2=\"{x2:0.#}\" y2=\"{y2:0.#}\" class=\"{style}\"/>");

    public void Path(IEnumerable<(double X, double Y)> points, string style)
    {
        var steps = string.Join(" ", points.Select((point, i) => string.Create(CultureInfo.InvariantCulture, $"{(i == 0 ? 'M' : 'L')}{point.X:0.#} {point.Y:0.#}")));
        Append($"<path d=\"{steps}\" class=\"{style}\"/>");
    }

    /// <summary>A point, and what a pointer that rests on it reads.</summary>
    public void Dot(double x, double y, string style, string says) =>
        Append($"<circle cx=\"{x:0.#}\" cy=\"{y:0.#}\" r=\"3.5\" class=\"{style}\"><title>{Escape(says)}</title></circle>");

    public void Box(double x, double y, double boxWidth, double boxHeight, double opacity, string says) =>
        Append($"<rect x=\"{x:0.#}\" y=\"{y:0.#}\" width=\"{boxWidth:0.#}\" height=\"{boxHeight:0.#}\" class=\"cell\" fill-opacity=\"{opacity:0.###}\"><title>{Escape(says)}</title></rect>");

    /// <summary>Words at a place.</summary>
    /// <param name="anchor"><c>start</c>, <c>middle</c> or <c>end</c> of the words.</param>
    /// <param name="style">Class of the style sheet, if not that of labels.</param>
    public void Text(double x, double y, string anchor, string words, string style = "label") =>
        Append($"<text x=\"{x:0.#}\" y=\"{y:0.#}\" text-anchor=\"{anchor}\" class=\"{style}\">{Escape(words)}</text>");

    public override string ToString() =>
        $"<svg viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"{Escape(title)}\">\n{_text}</svg>\n";

    private static string Escape(string text) => WebUtility.HtmlEncode(text);

    private void Append(FormattableString element) => _text.Append(element.ToString(CultureInfo.InvariantCulture)).Append('\n');
}
