using System.Collections.Immutable;
using System.Reflection.Metadata;
using KernelGen.Compiler.Families;

namespace KernelGen.Tool;

/// <summary>The named arguments of an attribute in an assembly's metadata.</summary>
internal static class MetadataArguments
{
    /// <summary>Reads them; nothing of the assembly is loaded.</summary>
    /// <exception cref="BadImageFormatException">The metadata is damaged.</exception>
    public static AttributeArguments Of(CustomAttribute attribute) => new(attribute.DecodeValue(TypeNames.Instance).NamedArguments
        .Select(argument => (argument.Name ?? "", Value(argument.Value))));

    private static object? Value(object? value) => value is ImmutableArray<CustomAttributeTypedArgument<string>> elements
        ? elements.Select(element => element.Value).ToArray()
        : value;

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
