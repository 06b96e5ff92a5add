using System.Globalization;
using System.Text;

namespace KernelGen.Compiler.Tuning;

/// <summary>
/// Parses JSON strictly (RFC 8259, without duplicate names in an object) and keeps what a rewrite needs: order, names, and numbers as written.
/// Time and memory are proportional to the text.
/// </summary>
internal sealed class JsonParser
{
    /// <summary>Maximum nesting depth of objects and arrays; public files have two levels.</summary>
    public const int MaxDepth = 16;

    private readonly string _path;
    private readonly string _text;
    private int _at;
    private int _line = 1;
    private int _lineStart;

    private JsonParser(string text, string path) => (_text, _path) = (text, path);

    private TextPlace Here => new(_path, _line, _at - _lineStart + 1);

    private char Next => _at < _text.Length ? _text[_at] : '\0';

    /// <summary>Parses the only value of a text.</summary>
    /// <exception cref="TuningFileException">The text is not valid JSON.</exception>
    public static JsonItem Parse(string text, string path)
    {
        var parser = new JsonParser(text, path);
        if (parser.Next == '\uFEFF') parser._lineStart = ++parser._at;
        parser.SkipSpace();
        var value = parser.ReadValue(depth: 0);
        parser.SkipSpace();
        return parser._at == text.Length ? value : throw parser.Unexpected("the end of the file");
    }

    private JsonItem ReadValue(int depth)
    {
        var place = Here;
        switch (Next)
        {
            case '{':
                return new JsonItem(JsonKind.Object, place) { Members = ReadMembers(Deeper(depth)) };
            case '[':
                return new JsonItem(JsonKind.Array, place) { Items = ReadItems(Deeper(depth)) };
            case '"':
                return new JsonItem(JsonKind.String, place) { Text = ReadString() };
            case 't':
                return ReadWord("true", JsonKind.True);
            case 'f':
                return ReadWord("false", JsonKind.False);
            case 'n':
                return ReadWord("null", JsonKind.Null);
            default:
                if (Next != '-' && !IsDigit(Next)) throw Unexpected("a value");
                return new JsonItem(JsonKind.Number, place) { Text = ReadNumber() };
        }
    }

    private int Deeper(int depth) => depth < MaxDepth ? depth + 1 : throw new TuningFileException($"more than {MaxDepth} levels of objects and arrays", Here);

    private List<JsonMember> ReadMembers(int depth)
    {
        var members = new List<JsonMember>();
        var names = new HashSet<string>(StringComparer.Ordinal);
        if (IsEmpty('}')) return members;
        while (true)
        {
            var place = Here;
            if (Next != '"') throw Unexpected("a name in quotes");
            var name = ReadString();
            if (!names.Add(name)) throw new TuningFileException($"the key {TuningFileException.Quote(name)} is duplicated in one object", place);
            SkipSpace();
            if (Next != ':') throw Unexpected("':'");
            _at++;
            SkipSpace();
            members.Add(new JsonMember(name, place, ReadValue(depth)));
            if (IsLast('}')) return members;
        }
    }

    private List<JsonItem> ReadItems(int depth)
    {
        var items = new List<JsonItem>();
        if (IsEmpty(']')) return items;
        while (true)
        {
            items.Add(ReadValue(depth));
            if (IsLast(']')) return items;
        }
    }

    private bool IsEmpty(char close)
    {
        _at++;
        SkipSpace();
        if (Next != close) return false;
        _at++;
        return true;
    }

    private bool IsLast(char close)
    {
        SkipSpace();
        var mark = Next;
        if (mark != ',' && mark != close) throw Unexpected($"',' or '{close}'");
        _at++;
        if (mark == close) return true;
        SkipSpace();
        return false;
    }

    private JsonItem ReadWord(string word, JsonKind kind)
    {
        var place = Here;
        if (string.CompareOrdinal(_text, _at, word, 0, word.Length) != 0) throw Unexpected("a value");
        _at += word.Length;
        return new JsonItem(kind, place);
    }

    private string ReadNumber()
    {
        var start = _at;
        if (Next == '-') _at++;
        if (Next == '0') _at++;
        else SkipDigits();
        if (Next == '.')
        {
            _at++;
            SkipDigits();
        }

        if (Next is 'e' or 'E')
        {
            _at++;
            if (Next is '+' or '-') _at++;
            SkipDigits();
        }

        return _text.Substring(start, _at - start);
    }

    private void SkipDigits()
    {
        if (!IsDigit(Next)) throw Unexpected("a digit");
        while (IsDigit(Next)) _at++;
    }

    private string ReadString()
    {
        var start = ++_at;
        while (_at < _text.Length && Next is not ('"' or '\\') && Next >= ' ') _at++;
        if (Next == '"') return _text.Substring(start, _at++ - start);

        var characters = new StringBuilder(_text, start, _at - start, Math.Max(_at - start, 16));
        while (Next != '"')
        {
            if (_at == _text.Length || Next < ' ') throw Unexpected("the end of a string");
            characters.Append(Next == '\\' ? ReadEscape() : _text[_at++]);
        }

        _at++;
        return characters.ToString();
    }

    private char ReadEscape()
    {
        const string Letters = "\"\\/bfnrt";
        const string Meanings = "\"\\/\b\f\n\r\t";
        _at++;
        var number = Letters.IndexOf(Next);
        if (number >= 0)
        {
            _at++;
            return Meanings[number];
        }

        if (Next != 'u') throw Unexpected("an escape sequence");
        _at++;
        var digits = _at + 4 <= _text.Length ? _text.Substring(_at, 4) : "";
        if (!ushort.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var code)) throw Unexpected("four hexadecimal digits");
        _at += 4;
        return (char)code;
    }

    private void SkipSpace()
    {
        for (; Next is ' ' or '\t' or '\n' or '\r'; _at++)
        {
            var isBreak = Next == '\n' || (Next == '\r' && (_at + 1 == _text.Length || _text[_at + 1] != '\n'));
            if (!isBreak) continue;
            _line++;
            _lineStart = _at + 1;
        }
    }

    private TuningFileException Unexpected(string expected) =>
        new($"expected {expected}, but {(_at < _text.Length ? $"found {TuningFileException.Quote(Next.ToString())}" : "the file ends")}", Here);

    private static bool IsDigit(char letter) => letter is >= '0' and <= '9';
}
