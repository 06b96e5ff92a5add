using System.Collections.Immutable;
using System.Reflection.Metadata;

namespace KernelGen.Tool;

/// <summary>An attribute of this library's own as an object again: a new one with the properties that the metadata sets, defaults and all.</summary>
internal static class DecodedAttribute
{
    /// <summary>Decodes an attribute that is known to be a <typeparamref name="T"/>.</summary>
    /// <exception cref="BadImageFormatException">It sets what the attribute does not have: another version, or damage.</exception>
    public static T Decode<T>(CustomAttribute attribute)
        where T : Attribute, new()
    {
        var decoded = new T();
        foreach (var argument in attribute.DecodeValue(TypeNames.Instance).NamedArguments)
        {
            if (typeof(T).GetProperty(argument.Name ?? "") is not { CanWrite: true } property)
                throw new BadImageFormatException($"{typeof(T).Name} has no property '{argument.Name}'");
            property.SetValue(decoded, Convert(argument.Value, property.PropertyType));
        }

        return decoded;
    }

    private static object Convert(object? value, Type type) => value switch
    {
        ImmutableArray<CustomAttributeTypedArgument<string>> numbers when type == typeof(int[]) =>
            numbers.Select(number => number.Value is int integer ? integer : throw Unexpected(type)).ToArray(),
        int number when type.IsEnum => Enum.ToObject(type, number),
        not null when value.GetType() == type => value,
        _ => throw Unexpected(type),
    };

    private static BadImageFormatException Unexpected(Type type) => new($"an attribute has a value that is no {type.Name}");

    /// <summary>Types as names: all that decoding asks of them is whether they are enumerations, and ours are integers.</summary>
    private sealed class TypeNames : ICustomAttributeTypeProvider<string>
    {
        public static TypeNames Instance { get; } = new();

        public string GetPrimitiveType(PrimitiveTypeCode code) => code.ToString();

        public string GetSystemType() => nameof(Type);

        public string GetSZArrayType(string element) => $"{element}[]";

        public string GetTypeFromDefinition(MetadataReader reader, TypeDefinitionHandle handle, byte kind) => reader.GetString(reader.GetTypeDefinition(handle).Name);

        public string GetTypeFromReference(MetadataReader reader, TypeReferenceHandle handle, byte kind) => reader.GetString(reader.GetTypeReference(handle).Name);

        public string GetTypeFromSerializedName(string name) => name;

        public PrimitiveTypeCode GetUnderlyingEnumType(string type) => PrimitiveTypeCode.Int32;

        public bool IsSystemType(string type) => type == nameof(Type);
    }
}
