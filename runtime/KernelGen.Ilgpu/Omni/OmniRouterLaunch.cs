using System.ComponentModel;
using ILGPU;
using ILGPU.Runtime;

namespace KernelGen.Ilgpu;

/// <summary>Launch configuration of product-key routers.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public static class OmniRouterLaunch
{
    /// <summary>Maximum number of warps per thread block; each processes one token.</summary>
    public const int MaxWarps = 4;

    // Few tokens are spread over all SMs.
    private const int TokensPerSm = 8;

    /// <summary>The grid for a number of tokens.</summary>
    internal static KernelConfig Config(KernelForm form, Accelerator accelerator, int tokens)
    {
        if (form == KernelForm.Thread) return KernelForms.OfThreads(accelerator, tokens);
        var warps = tokens <= accelerator.NumMultiprocessors * TokensPerSm ? 1 : MaxWarps;
        return new KernelConfig(((tokens - 1) / warps) + 1, warps * Warps.Lanes);
    }
}
