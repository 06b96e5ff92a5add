using System.Text.Json;

namespace KernelGen.HuggingFace;

/// <summary>Reads the JSON of a safetensors header, token by token, in memory proportional to its length.</summary>
internal ref struct SafetensorsHeaderReader
{
    // The format sets no limit, but no framework exceeds this, and a malicious header must not exhaust memory.
    private const int MaxDimensions = 64;

    private readonly string _file;
    private readonly Dictionary<string, string> _metadata = [];
    private readonly List<SafetensorsTensorInfo> _tensors = [];
    private readonly HashSet<string> _names = [];
    private readonly List<long> _numbers = [];
    private Utf8JsonReader _json;

    public SafetensorsHeaderReader(ReadOnlySpan<byte> json, string file)
    {
        _json = new Utf8JsonReader(json);
        _file = file;
    }

    public (List<SafetensorsTensorInfo> Tensors, Dictionary<string, string> Metadata) Read()
    {
        try
        {
            Expect(JsonTokenType.StartObject, null);
            while (_json.Read() && _json.TokenType == JsonTokenType.PropertyName)
            {
                var name = Text(null);
                if (!_names.Add(name)) throw InHeader($"has the key {SafetensorsException.Quote(name)} twice");
                if (name == SafetensorsHeader.MetadataKey) ReadMetadata();
                else ReadTensor(name);
            }

            while (_json.Read())
            {
                // Only white space may follow the object; anything else throws.
            }
        }
        catch (JsonException e)
        {
            throw InHeader($"is not valid JSON: {e.Message}", e);
        }

        return (_tensors, _metadata);
    }

    private void ReadMetadata()
    {
        Expect(JsonTokenType.StartObject, SafetensorsHeader.MetadataKey);
        while (_json.Read() && _json.TokenType == JsonTokenType.PropertyName)
        {
            var key = Text(SafetensorsHeader.MetadataKey);
            Expect(JsonTokenType.String, SafetensorsHeader.MetadataKey);
            if (!_metadata.TryAdd(key, Text(SafetensorsHeader.MetadataKey)))
                throw InHeader($"has the metadata key {SafetensorsException.Quote(key)} twice");
        }
    }

    private void ReadTensor(string name)
    {
        string? dtype = null;
        long[]? shape = null;
        long[]? offsets = null;
        Expect(JsonTokenType.StartObject, name);
        while (_json.Read() && _json.TokenType == JsonTokenType.PropertyName)
        {
            var key = Text(name);
            switch (key)
            {
                case "dtype":
                    Expect(JsonTokenType.String, name);
                    Once(dtype is null, name, key);
                    dtype = Text(name);
                    break;
                case "shape":
                    Once(shape is null, name, key);
                    shape = Numbers(name, key, MaxDimensions);
                    break;
                case "data_offsets":
                    Once(offsets is null, name, key);
                    offsets = Numbers(name, key, 2);
                    break;
                default:
                    _json.Skip();
                    break;
            }
        }

        _tensors.Add(Check(name, Present(dtype, name, "dtype"), Present(shape, name, "shape"), Present(offsets, name, "data_offsets")));
    }

    private readonly SafetensorsTensorInfo Check(string name, string dtype, long[] shape, long[] offsets)
    {
        if (offsets is not [var begin, var end]) throw InTensor(name, $"has {offsets.Length} data_offsets; expected a begin and an end");
        if (!IsPlain(dtype)) throw InTensor(name, $"has the dtype {SafetensorsException.Quote(dtype)}; expected a name such as BF16");
        if (begin < 0 || end < begin) throw InTensor(name, $"has data_offsets [{begin}, {end}]; expected 0 <= begin <= end");
        if (!SafetensorsTensorInfo.TryCount(shape, out var elements))
            throw InTensor(name, $"has the shape {SafetensorsTensorInfo.Format(shape)}; expected dimensions >= 0 with a product below 2^63");

        var info = new SafetensorsTensorInfo(name, dtype, shape, elements, begin, end);
        if (info.DType == SafetensorsDType.Unknown) return info; // its size cannot be validated; reading it fails, opening the file does not

        var expected = (Int128)elements * info.DType.Bytes();
        if (expected != info.ByteLength)
        {
            throw InTensor(name,
                $"is {dtype} {info.ShapeText}, which takes {expected} bytes, but its data_offsets [{begin}, {end}] span {info.ByteLength}");
        }

        return info;
    }

    private long[] Numbers(string tensor, string key, int most)
    {
        Expect(JsonTokenType.StartArray, tensor);
        _numbers.Clear();
        while (_json.Read() && _json.TokenType != JsonTokenType.EndArray)
        {
            if (_json.TokenType != JsonTokenType.Number || !_json.TryGetInt64(out var number))
                throw InTensor(tensor, $"has a value in its {key} that is not an integer below 2^63");
            if (_numbers.Count == most) throw InTensor(tensor, $"has more than {most} numbers in its {key}");
            _numbers.Add(number);
        }

        return [.. _numbers];
    }

    private void Expect(JsonTokenType expected, string? tensor)
    {
        _json.Read();
        if (_json.TokenType == expected) return;
        var problem = $"has {_json.TokenType} where {expected} was expected, at byte {_json.TokenStartIndex} of the header";
        throw tensor is null ? InHeader(problem) : InTensor(tensor, problem);
    }

    private readonly string Text(string? tensor)
    {
        try
        {
            return _json.GetString()!;
        }
        catch (InvalidOperationException e) // an escaped unpaired surrogate
        {
            var problem = $"has invalid Unicode at byte {_json.TokenStartIndex} of the header";
            throw tensor is null ? InHeader(problem, e) : InTensor(tensor, problem, e);
        }
    }

    /// <summary>Whether a type name, known or not, can be shown in a message.</summary>
    private static bool IsPlain(string dtype) =>
        dtype.Length is > 0 and <= 32 && dtype.All(letter => char.IsAsciiLetterOrDigit(letter) || letter == '_');

    private readonly void Once(bool isFirst, string tensor, string key)
    {
        if (!isFirst) throw InTensor(tensor, $"has the key '{key}' twice");
    }

    private readonly T Present<T>(T? value, string tensor, string key)
        where T : class => value ?? throw InTensor(tensor, $"has no '{key}'");

    private readonly SafetensorsException InHeader(string problem, Exception? inner = null) =>
        SafetensorsException.InFile(_file, $"the header {problem}", inner);

    private readonly SafetensorsException InTensor(string tensor, string problem, Exception? inner = null) =>
        SafetensorsException.InTensor(_file, tensor, problem, inner);
}
