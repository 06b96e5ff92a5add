using ILGPU;
using ILGPU.Runtime;

namespace KernelGen.Ilgpu;

/// <summary>How the work of a token of neuron experts is distributed.</summary>
internal enum OmniExpertsForm
{
    /// <summary>One thread block per token; rows are aligned.</summary>
    Group,

    /// <summary>One thread block per token; rows may be unaligned.</summary>
    Unaligned,

    /// <summary>One thread per token.</summary>
    Thread,
}

/// <summary>Launch configurations of neuron experts.</summary>
internal static class OmniExpertsLaunch
{
    private const int ThreadsOfGroup = 128;

    /// <summary>The grid for the tokens.</summary>
    public static KernelConfig OfTokens(OmniExpertsForm form, Accelerator accelerator, int tokens) =>
        form == OmniExpertsForm.Thread ? KernelForms.OfThreads(accelerator, tokens) : new KernelConfig(tokens, ThreadsOfGroup);

    /// <summary>The grid for the experts: per slot, as many thread blocks as the columns need.</summary>
    public static KernelConfig OfExperts(OmniExpertsForm form, Accelerator accelerator, int slots, int hiddenSize, int vectorWidth)
    {
        if (form == OmniExpertsForm.Thread) return KernelForms.OfThreads(accelerator, slots);
        var columns = ThreadsOfGroup * (form == OmniExpertsForm.Group ? vectorWidth : 1);
        return new KernelConfig(new Index3D(slots, ((hiddenSize - 1) / columns) + 1, 1), new Index3D(ThreadsOfGroup, 1, 1));
    }
}
