using System.Globalization;

namespace KernelGen.Compiler.Tuning;

/// <summary>The name of a tuning file, which states what it is for: <c>E=128,N=768,device_name=NVIDIA_H200,dtype=fp8_w8a8,block_shape=[128, 128].json</c>.</summary>
/// <param name="Experts">E: number of experts on a device, including shared experts.</param>
/// <param name="IntermediateSize">N: intermediate size of an expert, after sharding.</param>
/// <param name="DeviceName">Name of the device, with <c>_</c> for spaces.</param>
public sealed record TuningFileName(int Experts, int IntermediateSize, string DeviceName)
{
    private const string ExpertsPart = "E=";
    private const string WidthPart = ",N=";
    private const string DevicePart = ",device_name=";
    private const string TypePart = ",dtype=";
    private const string BlockPart = ",block_shape=[";
    private const string ChannelPart = ",per_channel_quant=True";
    private const string DownPart = "_down";
    private const string Extension = ".json";
    private const int LongestName = 255;

    /// <summary>How weights and inputs are stored, such as <c>fp8_w8a8</c>; null for fp16 and bf16.</summary>
    public string? DType { get; init; }

    /// <summary>Which weights share a scale; null if the name does not say.</summary>
    public BlockShape? BlockShape { get; init; }

    /// <summary>Whether each row of a weight matrix has a scale.</summary>
    public bool PerChannelQuant { get; init; }

    /// <summary>Whether the file tunes the second GEMM only.</summary>
    public bool IsDown { get; init; }

    /// <summary>The name of the file for the first GEMM that goes with a <c>_down</c> file.</summary>
    public TuningFileName WithoutDown => this with { IsDown = false };

    /// <summary>Whether a file is meant to be a tuning file, judging by its name.</summary>
    public static bool Resembles(string fileName) =>
        fileName.StartsWith(ExpertsPart, StringComparison.Ordinal)
        && fileName.IndexOf(DevicePart, StringComparison.Ordinal) > 0
        && fileName.EndsWith(Extension, StringComparison.Ordinal);

    /// <summary>Parses a name without its folder. <c>block_shape</c> may have a space after the comma, as in sglang, or none, as in vLLM.</summary>
    /// <exception cref="TuningFileException">The name is malformed.</exception>
    public static TuningFileName Parse(string fileName)
    {
        if (!Resembles(fileName) || fileName.Length > LongestName) throw Malformed(fileName, $"expected {ExpertsPart}…{WidthPart}…{DevicePart}…{Extension}");
        var rest = fileName.Substring(0, fileName.Length - Extension.Length);
        var isDown = TakeEnd(ref rest, DownPart);
        var perChannel = TakeEnd(ref rest, ChannelPart);
        var block = TakeFrom(ref rest, BlockPart);
        var dtype = TakeFrom(ref rest, TypePart);
        var device = TakeFrom(ref rest, DevicePart);
        var width = TakeFrom(ref rest, WidthPart);
        if (device is null || device != DeviceNameOf(device)) throw Malformed(fileName, $"{TuningFileException.Quote(device ?? "")} is not a device name");
        if (dtype is not null && !(dtype.Length > 0 && dtype.All(letter => letter is (>= 'a' and <= 'z') or (>= '0' and <= '9') or '_')))
            throw Malformed(fileName, $"{TuningFileException.Quote(dtype)} is not a dtype");
        return new TuningFileName(Number(fileName, "E", rest.Substring(ExpertsPart.Length), 1), Number(fileName, "N", width ?? "", 1), device)
        {
            DType = dtype,
            BlockShape = block is null ? null : Block(fileName, block),
            PerChannelQuant = perChannel,
            IsDown = isDown,
        };
    }

    /// <summary>A device's name as in file names: <c>_</c> replaces spaces and characters that file names or lists cannot contain.</summary>
    public static string DeviceNameOf(string name)
    {
        var plain = new string(name.Trim().Select(letter => letter is > ' ' and <= '~' && ",/\\:*?\"<>|[]=".IndexOf(letter) < 0 ? letter : '_').ToArray());
        return plain.Length == 0 ? "unknown" : plain;
    }

    /// <summary>The name in sglang's spelling.</summary>
    public override string ToString()
    {
        var dtype = DType is null ? "" : TypePart + DType;
        var block = BlockShape is var (rows, columns) ? FormattableString.Invariant($"{BlockPart}{rows}, {columns}]") : "";
        var start = FormattableString.Invariant($"{ExpertsPart}{Experts}{WidthPart}{IntermediateSize}{DevicePart}{DeviceName}");
        return start + dtype + block + (PerChannelQuant ? ChannelPart : "") + (IsDown ? DownPart : "") + Extension;
    }

    private static BlockShape Block(string fileName, string text)
    {
        var comma = text.IndexOf(',');
        if (comma < 0 || !text.EndsWith("]", StringComparison.Ordinal)) throw Malformed(fileName, $"{TuningFileException.Quote(text)} is not a block_shape such as [128, 128]");
        var columns = text.Substring(comma + 1, text.Length - comma - 2);
        return new BlockShape(
            Number(fileName, "block_shape", text.Substring(0, comma), 0),
            Number(fileName, "block_shape", columns.StartsWith(" ", StringComparison.Ordinal) ? columns.Substring(1) : columns, 1));
    }

    private static bool TakeEnd(ref string rest, string end)
    {
        if (!rest.EndsWith(end, StringComparison.Ordinal)) return false;
        rest = rest.Substring(0, rest.Length - end.Length);
        return true;
    }

    private static string? TakeFrom(ref string rest, string start)
    {
        var at = rest.IndexOf(start, StringComparison.Ordinal);
        if (at < 0) return null;
        var taken = rest.Substring(at + start.Length);
        rest = rest.Substring(0, at);
        return taken;
    }

    private static int Number(string fileName, string what, string text, int least)
    {
        const int Most = 1 << 20;
        var isPlain = text.Length > 0 && (text == "0" || text[0] is >= '1' and <= '9');
        if (isPlain && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= Most) return number;
        throw Malformed(fileName, $"{what} has {TuningFileException.Quote(text)}; expected a whole number from {least} to {Most}");
    }

    private static TuningFileException Malformed(string fileName, string problem) =>
        new($"{TuningFileException.Quote(fileName)} is not the name of a tuning file: {problem}", TextPlace.StartOf(fileName));
}
