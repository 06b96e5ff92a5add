using System.Collections.Concurrent;
using System.Globalization;
using System.Numerics;

namespace KernelGen.Compiler.Specialization;

/// <summary>An enumeration whose members are known: of the template's files, of the request's values, or of KernelGen itself.</summary>
internal sealed class EnumType(string name, Primitive underlying)
{
    private static readonly ConcurrentDictionary<Type, EnumType> Reflected = new();

    private static readonly Lazy<Dictionary<string, EnumType>> OwnTypes = new(() =>
        typeof(GateScoring).Assembly.GetExportedTypes().Where(type => type.IsEnum).ToDictionary(type => type.Name, Of));

    /// <summary>The enumerations that KernelGen's attributes use, by simple name.</summary>
    public static IReadOnlyDictionary<string, EnumType> Own => OwnTypes.Value;

    /// <summary>The name without its namespace, as a template writes it.</summary>
    public string Name { get; } = name;

    public Primitive Underlying { get; } = underlying;

    public Dictionary<string, BigInteger> Members { get; } = [];

    public static EnumType Of(Type type) => Reflected.GetOrAdd(type, static type =>
    {
        var result = new EnumType(type.Name, Primitives.FromName(Enum.GetUnderlyingType(type).FullName));
        foreach (var member in Enum.GetNames(type))
            result.Members[member] = Number((Enum)Enum.Parse(type, member));
        return result;
    });

    public static BigInteger Number(Enum value) =>
        Enum.GetUnderlyingType(value.GetType()) == typeof(ulong)
            ? Convert.ToUInt64(value, CultureInfo.InvariantCulture)
            : Convert.ToInt64(value, CultureInfo.InvariantCulture);

    /// <summary>The first member with this number.</summary>
    public string? MemberOf(BigInteger value)
    {
        foreach (var member in Members)
            if (member.Value == value) return member.Key;
        return null;
    }
}
