using KernelGen.Compiler.Dispatch;
using KernelGen.Compiler.Emission;

namespace KernelGen.Compiler.Families;

/// <summary>How a call chooses among experts of one dispatch key: by Split-K, and by the number of tokens where a tuning file says so.</summary>
internal static class FusedMoeCases
{
    public static IReadOnlyList<DispatchCase> Of(DeclaredClass declared, DispatchSite site, IReadOnlyList<FusedMoeSpec> specs) =>
        site == DispatchSite.Ilgpu ? [OnDevice(declared, specs)] : OnCpu(declared, specs, site == DispatchSite.Select ? "tokens" : "call.Tokens");

    private static IReadOnlyList<DispatchCase> OnCpu(DeclaredClass declared, IReadOnlyList<FusedMoeSpec> specs, string tokens)
    {
        var slices = BySlices(specs);
        if (declared.Tuned.FirstOrDefault(experts => experts.AreOf(specs[0])) is { } tuned)
        {
            var byTokens = tuned.Choices.Select(choice => new DispatchBranch(choice.MaxTokens == int.MaxValue ? "_" : $"<= {choice.MaxTokens}", choice.Spec)).ToArray();
            return
            [
                byTokens.Length == 1 ? DispatchCase.Of(byTokens[0].Spec) with { When = "splitK == 0" } : new(byTokens) { When = "splitK == 0", Selector = tokens, IsExhaustive = true },
                slices.Length == 1 ? DispatchCase.Of(slices[0].Spec) with { When = $"splitK == {slices[0].Pattern}" } : new(slices) { Selector = "splitK" },
            ];
        }

        if (slices.Length == 1) return [DispatchCase.Of(slices[0].Spec) with { When = $"splitK is 0 or {slices[0].Pattern}" }];
        var numbers = string.Join(", ", slices.Select(branch => branch.Pattern));
        return [new(slices) { Selector = $"global::KernelGen.Cpu.SplitKChoice.Of(splitK, {tokens} * {FusedMoeCpuRecipe.WorkItems(specs[0])}L, [{numbers}])" }];
    }

    private static DispatchCase OnDevice(DeclaredClass declared, IReadOnlyList<FusedMoeSpec> specs)
    {
        var slices = BySlices(specs);
        var numbers = declared.Specs.Cast<FusedMoeSpec>().Where(spec => spec.DispatchKey == specs[0].DispatchKey).Select(spec => spec.SplitK).OrderBy(number => number).ToArray();
        var tuned = specs[0].Devices.Count > 0 ? $", {GeneratedNames.IlgpuVariantType(specs[0])}.Kernels" : "";
        if (slices.Length == 1 && tuned.Length == 0) return DispatchCase.Of(slices[0].Spec) with { When = $"splitK is 0 or {slices[0].Pattern}" };

        // Slices that only a tuning file asks for are not the caller's to ask for.
        var branches = slices.Select(branch => branch with { Pattern = numbers.Contains(((FusedMoeSpec)branch.Spec).SplitK) ? branch.Pattern : $"{branch.Pattern} when splitK == 0" }).ToArray();
        var columns = numbers.Length > 1 && FusedMoePtx.ColumnsOfFewSlots(specs[0]) is var few and < FusedMoePtx.UsualColumns ? $", columnsOfGroup: {few}" : "";
        return new(branches) { Selector = $"call.SplitK(splitK, [{string.Join(", ", numbers)}]{tuned}{columns})" };
    }

    private static DispatchBranch[] BySlices(IEnumerable<FusedMoeSpec> specs) =>
        [.. specs.OrderBy(spec => spec.SplitK).Select(spec => new DispatchBranch($"{spec.SplitK}", spec))];
}
