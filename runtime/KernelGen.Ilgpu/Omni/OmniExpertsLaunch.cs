using ILGPU;
using ILGPU.Runtime;

namespace KernelGen.Ilgpu;

/// <summary>Who does the work of a token of one-neuron experts.</summary>
internal enum OmniExpertsForm
{
    /// <summary>A group of warps; rows are aligned.</summary>
    Group,

    /// <summary>A group of warps; rows lie anywhere.</summary>
    Unaligned,

    /// <summary>A thread.</summary>
    Thread,
}

/// <summary>How the kernels of one-neuron experts are spread over a device.</summary>
internal static class OmniExpertsLaunch
{
    private const int ThreadsOfGroup = 128;

    /// <summary>Groups for the tokens.</summary>
    public static KernelConfig OfTokens(OmniExpertsForm form, Accelerator accelerator, int tokens) =>
        form == OmniExpertsForm.Thread ? KernelForms.OfThreads(accelerator, tokens) : new KernelConfig(tokens, ThreadsOfGroup);

    /// <summary>Groups for the experts: for each slot as many as the columns need.</summary>
    public static KernelConfig OfExperts(OmniExpertsForm form, Accelerator accelerator, int slots, int hiddenSize, int vectorWidth)
    {
        if (form == OmniExpertsForm.Thread) return KernelForms.OfThreads(accelerator, slots);
        var columns = ThreadsOfGroup * (form == OmniExpertsForm.Group ? vectorWidth : 1);
        return new KernelConfig(new Index3D(slots, ((hiddenSize - 1) / columns) + 1, 1), new Index3D(ThreadsOfGroup, 1, 1));
    }
}
