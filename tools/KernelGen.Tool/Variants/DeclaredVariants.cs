using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using KernelGen.Compiler.Families;

namespace KernelGen.Tool;

/// <summary>Reads the kernel attributes of an assembly's classes from its metadata; nothing of the assembly is loaded or run.</summary>
internal static class DeclaredVariants
{
    /// <summary>Every declared variant with the full name of its class, in the order of the classes.</summary>
    /// <exception cref="UsageException">The file is no .NET assembly.</exception>
    public static IReadOnlyList<(string ClassName, IKernelSpec Spec)> Read(string path)
    {
        if (Directory.Exists(path)) throw new UsageException($"{path} is a directory; expected a .NET assembly");
        try
        {
            using var file = File.OpenRead(path);
            using var image = new PEReader(file);
            if (!image.HasMetadata) throw new UsageException($"{path} is no .NET assembly");
            var metadata = image.GetMetadataReader();
            return [.. metadata.TypeDefinitions.SelectMany(handle => OfType(metadata, metadata.GetTypeDefinition(handle)))];
        }
        catch (Exception e) when (e is BadImageFormatException or InvalidOperationException or OverflowException)
        {
            throw new UsageException($"{path} is no .NET assembly: {e.Message}", e);
        }
    }

    private static IEnumerable<(string ClassName, IKernelSpec Spec)> OfType(MetadataReader metadata, TypeDefinition type)
    {
        foreach (var handle in type.GetCustomAttributes())
        {
            var attribute = metadata.GetCustomAttribute(handle);
            foreach (var spec in Specs(metadata, attribute)) yield return (FullName(metadata, type), spec);
        }
    }

    private static IEnumerable<IKernelSpec> Specs(MetadataReader metadata, CustomAttribute attribute)
    {
        var name = AttributeName(metadata, attribute);
        if (KernelFamilies.All.FirstOrDefault(family => $"{family.Attribute}Attribute" == name) is not { } family) return [];
        var arguments = MetadataArguments.Of(attribute);
        var decoded = family.Decode(arguments);
        return arguments.IsBroken ? throw new BadImageFormatException($"{name} has a value that is not of its property's type") : decoded.Specs;
    }

    private static string? AttributeName(MetadataReader metadata, CustomAttribute attribute)
    {
        if (attribute.Constructor.Kind != HandleKind.MemberReference) return null;
        var constructor = metadata.GetMemberReference((MemberReferenceHandle)attribute.Constructor);
        if (constructor.Parent.Kind != HandleKind.TypeReference) return null;
        var type = metadata.GetTypeReference((TypeReferenceHandle)constructor.Parent);
        return metadata.GetString(type.Namespace) == nameof(KernelGen) ? metadata.GetString(type.Name) : null;
    }

    private static string FullName(MetadataReader metadata, TypeDefinition type)
    {
        var name = metadata.GetString(type.Name);
        if (!type.GetDeclaringType().IsNil) return $"{FullName(metadata, metadata.GetTypeDefinition(type.GetDeclaringType()))}.{name}";
        var ofNamespace = metadata.GetString(type.Namespace);
        return ofNamespace.Length == 0 ? name : $"{ofNamespace}.{name}";
    }
}
