using System.Globalization;

namespace KernelGen.Compiler.Tuning;

/// <summary>
/// The content of a tuning file of sglang, vLLM or <c>kernelgen tune</c>: the fastest measured configuration by token
/// count. Unknown keys survive a rewrite, in order.
/// </summary>
public sealed class TuningFile
{
    /// <summary>Maximum number of characters in a file; public files have about 5,000.</summary>
    public const int MaxCharacters = 1 << 18;

    private readonly IReadOnlyList<JsonMember> _members;

    private TuningFile(IReadOnlyList<JsonMember> members, IReadOnlyList<TuningEntry> entries) => (_members, Entries) = (members, entries);

    /// <summary>A file without entries.</summary>
    public static TuningFile Empty { get; } = new([], []);

    /// <summary>The entries in file order.</summary>
    public IReadOnlyList<TuningEntry> Entries { get; }

    /// <summary>The Triton version with which vLLM measured, or null.</summary>
    public string? TritonVersion => _members.FirstOrDefault(member => member.Name == TuningKeys.TritonVersion)?.Value.Text;

    /// <summary>Whether the entries are for a CPU. A file is for one kind of device.</summary>
    public bool IsForCpu => Entries.Count > 0 && Entries[0].IsForCpu;

    /// <summary>Parses the text of a file.</summary>
    /// <param name="text">Its content.</param>
    /// <param name="path">Name of the file in messages.</param>
    /// <exception cref="TuningFileException">The text is not a tuning file; the exception states the problem and its position.</exception>
    public static TuningFile Parse(string text, string path = "")
    {
        if (text.Length > MaxCharacters) throw new TuningFileException($"the file has {text.Length} characters; a tuning file has at most {MaxCharacters}", TextPlace.StartOf(path));
        var root = JsonParser.Parse(text, path);
        if (root.Kind != JsonKind.Object) throw new TuningFileException($"the file contains {root.Description}; expected an object with a member for each token count", root.Place);
        var entries = new List<TuningEntry>();
        foreach (var member in root.Members)
        {
            if (member.Name == TuningKeys.TritonVersion && member.Value.Kind != JsonKind.String)
                throw new TuningFileException($"{TuningKeys.TritonVersion} is {member.Value.Description}; expected a string", member.Value.Place);
            if (TokensOf(member) is not { } tokens) continue;
            var entry = new TuningEntry(tokens, member.Value, member.Place);
            if (entries.Count > 0 && entry.IsForCpu != entries[0].IsForCpu)
                throw new TuningFileException($"the entry of {tokens} tokens {(entry.IsForCpu ? "has" : "lacks")} {TuningKeys.VectorBits}, unlike earlier entries; a file is for one device", entry.Place);
            entries.Add(entry);
        }

        if (entries.Count == 0) throw new TuningFileException("the file has no entries", root.Place);
        return new TuningFile(root.Members, entries);
    }

    /// <summary>The entry with the nearest token count, the first in the file if two are equally near; null in an empty file.</summary>
    public TuningEntry? Nearest(int tokens)
    {
        TuningEntry? nearest = null;
        foreach (var entry in Entries)
        {
            if (nearest is null || Math.Abs((long)entry.Tokens - tokens) < Math.Abs((long)nearest.Tokens - tokens)) nearest = entry;
        }

        return nearest;
    }

    /// <summary>The file with new or updated entries. Other entries and unknown keys are preserved.</summary>
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

    // A name that starts like a number is meant to be a token count; any other name is ignored.
    private static int? TokensOf(JsonMember member)
    {
        var name = member.Name;
        if (name.Length == 0 || !(name[0] is '-' or '+' or '.' || char.IsDigit(name[0]))) return null;
        if (name[0] is >= '1' and <= '9' && int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var tokens)) return tokens;
        throw new TuningFileException($"the key {TuningFileException.Quote(name)} is not a token count; expected a whole number from 1 to {int.MaxValue}", member.Place);
    }
}
