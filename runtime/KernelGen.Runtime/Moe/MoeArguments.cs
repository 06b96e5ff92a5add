using System.ComponentModel;

namespace KernelGen.Cpu;

/// <summary>Everything one call of an expert kernel reads and writes. Strides count elements.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public unsafe struct MoeArguments
{
    /// <summary>Hidden states [T, H].</summary>
    public float* Hidden;

    /// <summary>Distance of two rows of <see cref="Hidden"/>.</summary>
    public nint HiddenStride;

    /// <summary>Router weights [T, k].</summary>
    public float* Weights;

    /// <summary>Distance of two rows of <see cref="Weights"/>.</summary>
    public nint WeightsStride;

    /// <summary>Expert ids [T, k]; −1 leaves a slot out.</summary>
    public int* Experts;

    /// <summary>Distance of two rows of <see cref="Experts"/>.</summary>
    public nint ExpertsStride;

    /// <summary>Result [T, H].</summary>
    public float* Output;

    /// <summary>Distance of two rows of <see cref="Output"/>.</summary>
    public nint OutputStride;

    /// <summary>Number of tokens T.</summary>
    public int Tokens;

    /// <summary>Each expert's gate projection [I, H], row-major.</summary>
    public void** Gate;

    /// <summary>Each expert's up projection [I, H], row-major; null addresses where the activation has none.</summary>
    public void** Up;

    /// <summary>Each expert's down projection [H, I], row-major.</summary>
    public void** Down;

    /// <summary>Scales of the gate projections, if they are quantised.</summary>
    public MoeScales GateScales;

    /// <summary>Scales of the up projections, if they are quantised.</summary>
    public MoeScales UpScales;

    /// <summary>Scales of the down projections, if they are quantised.</summary>
    public MoeScales DownScales;

    /// <summary>Biases of the first product: each expert's gate rows, then its up rows, [E, 2I]; [E, I] without up rows. Null if there are none.</summary>
    public float* GateUpBias;

    /// <summary>Biases of the second product, [E, H]. Null if there are none.</summary>
    public float* DownBias;

    /// <summary>Scale of all hidden states, where they share one.</summary>
    public float HiddenScale;

    /// <summary>Scale of all intermediate states, where they share one.</summary>
    public float ActivationScale;

    /// <summary>The tokens sorted by expert.</summary>
    public MoePlan Plan;

    /// <summary>Panels of hidden states, H numbers a planned row.</summary>
    public float* Packed;

    /// <summary>Intermediate states, I numbers a planned row.</summary>
    public float* Activations;

    /// <summary>Quantised hidden states, a row of whole pairs a token: 8-bit floats times their scales in singles, 8-bit integers in shorts.</summary>
    public void* QuantizedHidden;

    /// <summary>Each token's scale, [T], if the hidden states are quantised.</summary>
    public float* HiddenScales;

    /// <summary>Each planned row's scale, if the intermediate states are quantised.</summary>
    public float* ActivationScales;

    /// <summary>Weighted expert outputs [T · k, H], in the order of the slots.</summary>
    public float* SlotOutputs;

    /// <summary>Partial sums of Split-K [SplitK, T · k, max(2I, H)].</summary>
    public float* Partials;
}
