using System.ComponentModel;
using ILGPU;
using ILGPU.Runtime;

namespace KernelGen.Ilgpu;

/// <summary>How many tokens a group of threads routes.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public static class OmniRouterLaunch
{
    /// <summary>Most warps of a group, each with a token.</summary>
    public const int MaxWarps = 4;

    // Few tokens spread over all multiprocessors.
    private const int TokensOfMultiprocessor = 8;

    /// <summary>Groups for a number of tokens.</summary>
    internal static KernelConfig Config(KernelForm form, Accelerator accelerator, int tokens)
    {
        if (form == KernelForm.Thread) return KernelForms.OfThreads(accelerator, tokens);
        var warps = tokens <= accelerator.NumMultiprocessors * TokensOfMultiprocessor ? 1 : MaxWarps;
        return new KernelConfig(((tokens - 1) / warps) + 1, warps * Warps.Lanes);
    }
}
