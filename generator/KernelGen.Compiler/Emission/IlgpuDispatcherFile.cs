using KernelGen.Compiler.Families;

namespace KernelGen.Compiler.Emission;

/// <summary>The user's class, with the members that take an ILGPU stream and views.</summary>
internal static class IlgpuDispatcherFile
{
    public static IReadOnlyList<EmittedSource> Emit(DeclaredClass declared)
    {
        var families = new List<Action<CodeWriter, DeclaredClass>>();
        if (declared.Gates.Count > 0) families.Add(MoeGateIlgpuDispatcher.Write);
        if (declared.Experts.Count > 0) families.Add(FusedMoeIlgpuDispatcher.Write);
        if (declared.OmniRouters.Count > 0) families.Add(OmniRouterIlgpuDispatcher.Write);
        if (declared.OmniExperts.Count > 0) families.Add(OmniExpertsIlgpuDispatcher.Write);
        return families.Count == 0 ? [] : [new($"{declared.HintName}.Ilgpu.g.cs", DispatcherFile.Write(declared, families))];
    }
}
