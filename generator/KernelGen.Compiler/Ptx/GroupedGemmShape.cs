namespace KernelGen.Compiler.Ptx;

/// <summary>The sizes of a grouped GEMM, and what its numbers are.</summary>
/// <param name="Product">Which product.</param>
/// <param name="TopK">Slots of a token, k.</param>
/// <param name="HiddenSize">Hidden size H.</param>
/// <param name="IntermediateSize">Intermediate size I.</param>
/// <param name="Activation">Activation between the products.</param>
/// <param name="ActivationLimit">Its limit, if it needs one.</param>
public sealed record GroupedGemmShape(
    ExpertProduct Product, int TopK, int HiddenSize, int IntermediateSize, MoeActivation Activation = MoeActivation.SiluAndMul, float ActivationLimit = 0)
{
    /// <summary>Type of a weight: any but <see cref="DType.Float32"/>.</summary>
    public DType WeightType { get; init; } = DType.BFloat16;

    /// <summary>Weights of a row that share a scale, for types that have scales; 0 for one scale a row.</summary>
    public int GroupSize { get; init; }

    /// <summary>Rows of the weight matrix, from a multiple of their number on, whose groups have the same scales: those of a block.</summary>
    public int ScaledRows { get; init; } = 1;

    /// <summary>Whether groups have zero points; without, that of a 4-bit number is 8.</summary>
    public bool ZeroPoints { get; init; }

    /// <summary>Whether the activations have the weights' type too, and scales: one a row, or as many as the groups of a row of weights.</summary>
    public bool QuantizedInputs { get; init; }

    /// <summary>Whether the sums have biases.</summary>
    public bool Bias { get; init; }

    /// <summary>Whether the router weight multiplies the sums of the first GEMM and not those of the second.</summary>
    public bool RouterWeightOnInput { get; init; }

    /// <summary>Whether the first GEMM has an up projection beside the gate projection.</summary>
    public bool IsGated => Activation is not (MoeActivation.Silu or MoeActivation.Gelu or MoeActivation.Relu2);

    /// <summary>Rows of an expert's weight matrix.</summary>
    public int Columns => Product == ExpertProduct.Down ? HiddenSize : IsGated ? 2 * IntermediateSize : IntermediateSize;

    /// <summary>Columns of an expert's weight matrix.</summary>
    public int Reduction => Product == ExpertProduct.GateUp ? HiddenSize : IntermediateSize;

    /// <summary>Whether threads make bfloat16 of the weights.</summary>
    internal bool IsConverted => WeightType != DType.BFloat16 && !QuantizedInputs;

    /// <summary>Whether stored numbers have scales.</summary>
    internal bool HasScales => WeightType is DType.Float8E4M3 or DType.Int8 or DType.Int4;

    /// <summary>What is said of weights in single precision.</summary>
    internal const string ProblemOfFloat32 = "weights in single precision have no tensor-core instruction as exact";

    /// <summary>Whether this is the first GEMM.</summary>
    internal bool IsGateUp => Product == ExpertProduct.GateUp;

    /// <summary>Whether the columns are those of gate and up projections.</summary>
    internal bool IsPaired => IsGateUp && IsGated;

    /// <summary>Whether groups of a row's weights have scales.</summary>
    internal bool HasGroups => HasScales && GroupSize > 0;

    /// <summary>Whether each row of weights has one scale.</summary>
    internal bool HasRowScales => HasScales && GroupSize == 0;

    /// <summary>Groups of a row.</summary>
    internal int Groups => (Reduction + GroupSize - 1) / GroupSize;

    /// <summary>Whether sums of fp16 weights take two products: that of the rounded weight and that of the rest.</summary>
    internal bool HasRests => WeightType == DType.Float16;

    /// <summary>Whether tensor cores add up integers.</summary>
    internal bool HasIntegerSums => QuantizedInputs && WeightType == DType.Int8;

    /// <summary>Bytes of a row of weights.</summary>
    internal long WeightRowBytes => WeightBytes(Reduction);

    /// <summary>Columns of the output that columns of the product yield, if gate and up projection are counted once.</summary>
    internal int OutputColumns(int columns) => IsPaired ? columns / 2 : columns;

    /// <summary>Makes of a slot its row of activations: of hidden states its token's, of intermediate states its own.</summary>
    internal string RowOfSlot(B32 slot) => IsGateUp ? $"div.u32 {slot}, {slot}, {TopK};" : "";

    /// <summary>The row of activations that a slot has.</summary>
    internal string RowOfSlot(B32 slot, B32 row) => IsGateUp ? $"div.u32 {row}, {slot}, {TopK};" : $"mov.u32 {row}, {slot};";

    /// <summary>Bytes of so many weights of a row.</summary>
    internal int WeightBytes(int weights) => weights * BitsOfWeight / 8;

    private int BitsOfWeight => WeightType switch { DType.Int4 => 4, DType.Int8 or DType.Float8E4M3 => 8, _ => 16 };
}
