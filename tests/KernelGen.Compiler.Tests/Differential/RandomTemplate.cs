using System.Text;
using KernelGen.Compiler.Specialization;
using KernelGen.Testing;

namespace KernelGen.Compiler.Tests;

/// <summary>A random template that uses all of the language, with values for its constants.</summary>
internal sealed class RandomTemplate
{
    public const string Signature = "int a, int b, uint u, long g, float x, float y, bool p";

    private readonly SeededRandom _random;
    private readonly RandomExpressions _expressions;
    private readonly StringBuilder _text = new();
    private readonly Dictionary<string, int> _ints = [];
    private readonly Dictionary<string, bool> _bools = [];
    private readonly Dictionary<string, float> _floats = [];
    private int _indent;
    private int _locals;
    private int _budget;

    public RandomTemplate(SeededRandom random)
    {
        _random = random;
        _expressions = new RandomExpressions(random);
        for (var i = 0; i < 4; i++) _ints["C" + i] = random.Int(-3, 6);
        for (var i = 0; i < 2; i++) _bools["F" + i] = random.Bool();
        _floats["S0"] = random.Pick(0f, -0f, 1f, 0.5f, -2.25f, 1e-3f);
        Members = Write();
    }

    public IReadOnlyDictionary<string, ConstantValue> Values =>
        _ints.Select(value => (value.Key, ConstantValue.From(value.Value)))
            .Concat(_bools.Select(value => (value.Key, ConstantValue.From(value.Value))))
            .Concat(_floats.Select(value => (value.Key, ConstantValue.From(value.Value))))
            .ToDictionary(value => value.Key, value => value.Item2);

    /// <summary>The class body without its specialised constants.</summary>
    private string Members { get; }

    /// <summary>The template; its constants have the values of the request, or others that the request replaces.</summary>
    public string Text(string name, bool withValues)
    {
        var text = new StringBuilder($"[KernelTemplate]\nstatic unsafe class {name}\n{{\n");
        foreach (var (constant, value) in _ints) text.Append($"    [Specialize] const int {constant} = {(withValues ? value : 1)};\n");
        foreach (var (constant, value) in _bools) text.Append($"    [Specialize] const bool {constant} = {(withValues && value ? "true" : "false")};\n");
        foreach (var (constant, value) in _floats)
        {
            var literal = value == 0 && float.IsNegative(value) ? "-0f" : value.ToString(System.Globalization.CultureInfo.InvariantCulture) + "f";
            text.Append($"    [Specialize] const float {constant} = {(withValues ? literal : "7f")};\n");
        }

        return text.Append(Members).Append("}\n").ToString();
    }

    private string Write()
    {
        _indent = 1;
        Line($"const int D0 = {_expressions.SmallInt(["C0", "C1"], 2)};");
        Line("const int D1 = (C2 & 3) + 1;");
        Line("const bool G0 = D1 > C3 || F0;");
        Helper("H0", "[Specialize] int k, int v, [Specialize] bool f = false", ["k", "D1", "f", "v"]);
        Helper("H1", "int v, [Specialize] int k", ["k", "C1", "v"]);
        Line($"public static long Run({Signature})");
        Open();
        Line("long h = 17;");
        Line("float s = x;");
        var isUnchecked = _random.Bool();
        if (isUnchecked) OpenWith("unchecked");
        _budget = 12;
        var scope = new RandomScope(["a", "b", "(int)u", "(int)g"], ["C0", "C1", "C2", "D1"], ["x", "y", "S0"], ["p", "F0", "F1", "G0"], isUnchecked);
        Block(scope, 3);
        if (isUnchecked) Close();
        Line("return unchecked(h * 31 + (float.IsNaN(s) ? 7 : BitConverter.SingleToInt32Bits(s)));"); // the sign of a NaN is nobody's
        Close();
        return _text.ToString();
    }

    private void Helper(string name, string parameters, string[] names)
    {
        Line($"private static int {name}({parameters})");
        Open();
        Line($"if ({names[0]} > 2) return unchecked(v + {names[1]} * 3);");
        Line("var t = v;");
        Line($"foreach (var i in Static.Range((({names[0]}) & 3) + 1))");
        Open();
        Line("var t2 = unchecked(t * 3 + i);");
        Line($"t = t2 ^ {_expressions.SmallInt([names[1], "i"], 1)};");
        Close();
        Line("return t;");
        Close();
        Line();
    }

    private void Block(RandomScope scope, int depth)
    {
        var statements = _random.Int(2, 5);
        for (var i = 0; i < statements && _budget > 0; i++)
        {
            _budget--;
            Statement(scope, depth);
        }
    }

    private void Statement(RandomScope scope, int depth)
    {
        switch (_random.Int(0, depth > 0 ? 13 : 5))
        {
            case 0:
                Line($"h = h * 31 + {_expressions.Int(scope.AllInts, 3, scope.Wraps)};".Replace("h * 31 +", "unchecked(h * 31) ^"));
                break;
            case 1:
                Line($"s = s * 0.5f + {_expressions.Float(scope.Floats, scope.AllInts, 2)};");
                break;
            case 2:
                var local = NewLocal();
                var isFloat = _random.Bool();
                Line(isFloat ? $"var {local} = {_expressions.Float(scope.Floats, scope.AllInts, 2)};" : $"int {local} = {_expressions.Int(scope.AllInts, 2, scope.Wraps)};");
                if (isFloat) scope.Floats.Add(local);
                else scope.Ints.Add(local);
                break;
            case 3:
                Line(_random.Pick($"h ^= {Call(scope)};", $"h += {Call(scope)} * (long)u;"));
                break;
            case 4:
                Line($"h ^= {_random.Pick(scope.Constants.ToArray())} * u + {_random.Pick(scope.Constants.ToArray())};");
                break;
            case 5:
                Line($"Func<int, int> {NewLocal()} = C0 => C0 + {_random.Pick(scope.AllInts.ToArray())};");
                Line($"h ^= v{_locals - 1}({_random.Pick(scope.AllInts.ToArray())});");
                break;
            case 6:
            case 7:
                If(scope, depth);
                break;
            case 8:
                Switch(scope, depth);
                break;
            case 9:
            case 10:
                Unrolled(scope, depth);
                break;
            case 11:
                Line($"for (var i{depth} = 0; i{depth} < {_random.Pick("3", "(a & 3)", "D1")}; i{depth}++)");
                Open();
                var inner = scope.Nested();
                inner.Ints.Add("i" + depth);
                Block(inner, depth - 1);
                if (_random.Bool()) Line($"if ({_expressions.Bool(inner.Bools, inner.AllInts, 1)}) {_random.Pick("break", "continue")};");
                Close();
                break;
            default:
                Array(scope, depth);
                break;
        }
    }

    private string Call(RandomScope scope)
    {
        var constant = _expressions.SmallInt(scope.Constants, 1);
        var value = _random.Pick(scope.AllInts.ToArray());
        return _random.Pick($"H0({constant}, {value})", $"H0({constant}, {value}, {_random.Pick("F0", "!F1", "true")})", $"H1({value}, {constant})", $"H1(k: {constant}, v: {value})");
    }

    private void If(RandomScope scope, int depth)
    {
        var condition = _random.Bool() ? _expressions.Bool(["F0", "F1", "G0"], scope.Constants, 2) : _expressions.Bool(scope.Bools, scope.AllInts, 2);
        Line($"if ({condition})");
        Open();
        Block(scope.Nested(), depth - 1);
        Close();
        if (!_random.Bool()) return;
        Line("else");
        Open();
        Block(scope.Nested(), depth - 1);
        Close();
    }

    private void Switch(RandomScope scope, int depth)
    {
        Line($"switch (({(_random.Bool() ? _expressions.SmallInt(scope.Constants, 1) : _random.Pick(scope.Ints.ToArray()))}) & 3)");
        Open();
        foreach (var label in new[] { "case 0:", "case 1 or 2 when F0:", "default:" })
        {
            Line(label);
            Open();
            Block(scope.Nested(), depth - 1);
            Close();
            Line("    break;");
        }

        Close();
    }

    private void Unrolled(RandomScope scope, int depth)
    {
        var name = "r" + depth;
        Line($"foreach (var {name} in Static.Range({_random.Pick("3", "D1", "1, 4", "0, 7, 3", "-1, D1", "1")}))");
        Open();
        var inner = scope.Nested();
        inner.Constants.Add(name);
        if (_random.Bool()) Line($"if ({name} == {_random.Int(0, 3)}) {_random.Pick("break", "continue")};");
        Block(inner, depth - 1);
        if (_random.Int(0, 3) == 0) Line($"if ({_expressions.Bool(["F0", "G0"], inner.Constants, 1)}) {_random.Pick("break", "continue")};");
        Close();
    }

    private void Array(RandomScope scope, int depth)
    {
        var name = NewLocal();
        var isFloat = _random.Bool();
        var isPlane = _random.Bool();
        Line($"var {name} = Static.Array<{(isFloat ? "float" : "int")}>({(isPlane ? "2, 4" : "4")});");
        Line($"foreach (var r{depth} in Static.Range(4))");
        Open();
        var inner = scope.Nested();
        inner.Constants.Add("r" + depth);
        string Element() => isPlane
            ? $"{name}[{_expressions.SmallInt(inner.Constants, 1)} & 1, {_expressions.SmallInt(inner.Constants, 1)} & 3]"
            : $"{name}[{_expressions.SmallInt(inner.Constants, 1)} & 3]";
        for (var i = _random.Int(1, 4); i > 0; i--)
        {
            var value = isFloat ? _expressions.Float(inner.Floats, inner.AllInts, 1) : _expressions.Int(inner.AllInts, 1, scope.Wraps);
            Line(_random.Pick($"{Element()} = {value};", $"{Element()} += {Element()};", $"if (p) {Element()} = {value};", $"{Element()}++;"));
        }

        if (depth > 1) Block(inner, 0);
        Line(isFloat ? $"s += {Element()} * 0.25f;" : $"h ^= {Element()};");
        Close();
    }

    private string NewLocal() => "v" + _locals++;

    private void Open()
    {
        Line("{");
        _indent++;
    }

    private void OpenWith(string header)
    {
        Line(header);
        Open();
    }

    private void Close()
    {
        _indent--;
        Line("}");
    }

    private void Line(string text = "") => _text.Append(' ', text.Length == 0 ? 0 : _indent * 4).Append(text).Append('\n');
}

/// <summary>The names that a random expression can use.</summary>
internal sealed class RandomScope(IEnumerable<string> ints, IEnumerable<string> constants, IEnumerable<string> floats, IEnumerable<string> bools, bool wraps)
{
    public List<string> Ints { get; } = [.. ints];

    /// <summary>Integers known at specialisation.</summary>
    public List<string> Constants { get; } = [.. constants];

    public List<string> Floats { get; } = [.. floats];

    public List<string> Bools { get; } = [.. bools];

    /// <summary>Whether constants may overflow: the code stands in an <c>unchecked</c> block.</summary>
    public bool Wraps { get; } = wraps;

    public IReadOnlyList<string> AllInts => [.. Ints, .. Constants];

    public RandomScope Nested() => new(Ints, Constants, Floats, Bools, Wraps);
}
