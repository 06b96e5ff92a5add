using System.ComponentModel;

namespace KernelGen.Cpu;

/// <summary>All inputs, outputs and workspaces of one call of an experts kernel. Strides count elements.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public unsafe struct ExpertsArguments
{
    /// <summary>Hidden states [T, H].</summary>
    public float* Hidden;

    /// <summary>Row stride of <see cref="Hidden"/>.</summary>
    public nint HiddenStride;

    /// <summary>Router weights [T, k].</summary>
    public float* Weights;

    /// <summary>Row stride of <see cref="Weights"/>.</summary>
    public nint WeightsStride;

    /// <summary>Expert ids [T, k]; −1 skips the slot.</summary>
    public int* Experts;

    /// <summary>Row stride of <see cref="Experts"/>.</summary>
    public nint ExpertsStride;

    /// <summary>Result [T, H].</summary>
    public float* Output;

    /// <summary>Row stride of <see cref="Output"/>.</summary>
    public nint OutputStride;

    /// <summary>Number of tokens T.</summary>
    public int Tokens;

    /// <summary>Each expert's gate projection [I, H], row-major.</summary>
    public void** Gate;

    /// <summary>Each expert's up projection [I, H], row-major; null addresses if the activation has none.</summary>
    public void** Up;

    /// <summary>Each expert's down projection [H, I], row-major.</summary>
    public void** Down;

    /// <summary>Scales of the gate projections, if they are quantised.</summary>
    public ProjectionScales GateScales;

    /// <summary>Scales of the up projections, if they are quantised.</summary>
    public ProjectionScales UpScales;

    /// <summary>Scales of the down projections, if they are quantised.</summary>
    public ProjectionScales DownScales;

    /// <summary>Biases of the first GEMM: each expert's gate rows, then its up rows, [E, 2I]; [E, I] without up projection. Null if there are none.</summary>
    public float* GateUpBias;

    /// <summary>Biases of the second GEMM, [E, H]. Null if there are none.</summary>
    public float* DownBias;

    /// <summary>Static scale of all hidden states, if they share one.</summary>
    public float HiddenScale;

    /// <summary>Static scale of all intermediate states, if they share one.</summary>
    public float ActivationScale;

    /// <summary>The tokens sorted by expert.</summary>
    public SlotPlan Plan;

    /// <summary>Panels of hidden states, H elements per planned row.</summary>
    public float* Packed;

    /// <summary>Intermediate states, I elements per planned row.</summary>
    public float* Activations;

    /// <summary>Quantised hidden states, one row per token, padded to whole pairs: 8-bit floats times their scales as fp32, 8-bit integers as 16-bit integers.</summary>
    public void* QuantizedHidden;

    /// <summary>Scale of each token, [T], if the hidden states are quantised.</summary>
    public float* HiddenScales;

    /// <summary>Scale of each planned row, if the intermediate states are quantised.</summary>
    public float* ActivationScales;

    /// <summary>Weighted expert outputs [T · k, H], in slot order.</summary>
    public float* SlotOutputs;

    /// <summary>Partial sums of Split-K [SplitK, T · k, max(2I, H)].</summary>
    public float* Partials;
}
