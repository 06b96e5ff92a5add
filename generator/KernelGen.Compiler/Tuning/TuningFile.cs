using System.Globalization;

namespace KernelGen.Compiler.Tuning;

/// <summary>
/// The content of a tuning file of sglang, vLLM or <c>kernelgen tune</c>: for numbers of tokens, the sizes that were measured to be
/// the fastest. Keys that mean nothing here survive a rewrite, in their order.
/// </summary>
public sealed class TuningFile
{
    /// <summary>Most characters of a file; public ones have about 5,000.</summary>
    public const int MaxCharacters = 1 << 18;

    private readonly IReadOnlyList<JsonMember> _members;

    private TuningFile(IReadOnlyList<JsonMember> members, IReadOnlyList<TuningEntry> entries) => (_members, Entries) = (members, entries);

    /// <summary>A file without entries.</summary>
    public static TuningFile Empty { get; } = new([], []);

    /// <summary>The entries in the order of the file.</summary>
    public IReadOnlyList<TuningEntry> Entries { get; }

    /// <summary>The version of Triton that vLLM measured with; null where the file has none.</summary>
    public string? TritonVersion => _members.FirstOrDefault(member => member.Name == TuningKeys.TritonVersion)?.Value.Text;

    /// <summary>Whether the entries are for a CPU. A file is for one kind of device alone.</summary>
    public bool IsForCpu => Entries.Count > 0 && Entries[0].IsForCpu;

    /// <summary>Reads the text of a file.</summary>
    /// <param name="text">Its content.</param>
    /// <param name="path">What errors call it.</param>
    /// <exception cref="TuningFileException">It is no such file; the exception says why and where.</exception>
    public static TuningFile Parse(string text, string path = "")
    {
        if (text.Length > MaxCharacters) throw new TuningFileException($"the file has {text.Length} characters; a tuning file has at most {MaxCharacters}", TextPlace.StartOf(path));
        var root = JsonParser.Parse(text, path);
        if (root.Kind != JsonKind.Object) throw new TuningFileException($"the file holds {root.Description}; expected an object with a member for each number of tokens", root.Place);
        var entries = new List<TuningEntry>();
        foreach (var member in root.Members)
        {
            if (member.Name == TuningKeys.TritonVersion && member.Value.Kind != JsonKind.String)
                throw new TuningFileException($"{TuningKeys.TritonVersion} is {member.Value.Description}; expected a string", member.Value.Place);
            if (TokensOf(member) is not { } tokens) continue;
            var entry = new TuningEntry(tokens, member.Value, member.Place);
            if (entries.Count > 0 && entry.IsForCpu != entries[0].IsForCpu)
                throw new TuningFileException($"the entry of {tokens} tokens {(entry.IsForCpu ? "has" : "lacks")} {TuningKeys.VectorBits}, unlike those before it: a file is for one device", entry.Place);
            entries.Add(entry);
        }

        if (entries.Count == 0) throw new TuningFileException("the file has no entry for any number of tokens", root.Place);
        return new TuningFile(root.Members, entries);
    }

    /// <summary>The entry whose number of tokens is nearest, the first in the file of two that are as near; null in an empty file.</summary>
    public TuningEntry? Nearest(int tokens)
    {
        TuningEntry? nearest = null;
        foreach (var entry in Entries)
        {
            if (nearest is null || Math.Abs((long)entry.Tokens - tokens) < Math.Abs((long)nearest.Tokens - tokens)) nearest = entry;
        }

        return nearest;
    }

    /// <summary>The file with new or newer entries. Those of other numbers of tokens, and all keys that mean nothing here, stay as they are.</summary>
    public TuningFile With(IEnumerable<TuningEntry> entries)
    {
        var members = _members.ToList();
        foreach (var entry in entries)
        {
            var member = entry.ToMember();
            var at = members.FindIndex(old => old.Name == member.Name);
            if (at >= 0)
            {
                members[at] = new TuningEntry(entry.Tokens, members[at].Value, members[at].Place).With(entry).ToMember();
                continue;
            }

            var next = members.FindIndex(old => TokensOf(old) > entry.Tokens);
            members.Insert(next >= 0 ? next : members.Count, member);
        }

        return new TuningFile(members, members.Where(member => TokensOf(member) is not null)
            .Select(member => new TuningEntry(TokensOf(member)!.Value, member.Value, member.Place)).ToArray());
    }

    /// <summary>The text of the file.</summary>
    public override string ToString() => JsonWriter.Write(new JsonItem(JsonKind.Object, TextPlace.None) { Members = _members });

    // What starts like a number is meant to be a number of tokens; any other name is none of ours.
    private static int? TokensOf(JsonMember member)
    {
        var name = member.Name;
        if (name.Length == 0 || !(name[0] is '-' or '+' or '.' || char.IsDigit(name[0]))) return null;
        if (name[0] is >= '1' and <= '9' && int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var tokens)) return tokens;
        throw new TuningFileException($"the key {TuningFileException.Quote(name)} is no number of tokens; expected a whole number from 1 to {int.MaxValue}", member.Place);
    }
}
