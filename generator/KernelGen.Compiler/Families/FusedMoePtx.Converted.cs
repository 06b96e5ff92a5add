using KernelGen.Compiler.Ptx;

namespace KernelGen.Compiler.Families;

/// <content>Weights that become bfloat16 on their way to the tensor cores, with mma on every device. All tiles fit 99 KiB.</content>
public static partial class FusedMoePtx
{
    // Few rows stream. Narrow tiles, of which many are under way, leave registers for a turn of loads; with more rows wider ones read the
    // activations less often. Where columns are few, more warps share a tile's reduction.
    private static readonly GroupedGemmTile[] Streamed8Of16Bits = [Streamed(8, 32, 256, 4, 4), Streamed(8, 32, 64, 2, 8)];

    private static readonly GroupedGemmTile[] Streamed8Of8Bits = [Streamed(8, 32, 512, 4, 5), Streamed(8, 32, 256, 2, 10), Streamed(8, 32, 64, 2, 10)];

    private static readonly GroupedGemmTile[] Streamed8Of8BitsDown = [Streamed(8, 32, 1024, 8, 2), .. Streamed8Of8Bits];

    private static readonly GroupedGemmTile[] Streamed8Of4Bits = [Streamed(8, 32, 1024, 4, 4), Streamed(8, 32, 256, 2, 10), Streamed(8, 32, 64, 2, 10)];

    private static readonly GroupedGemmTile[] Streamed16Of16Bits = [Streamed(16, 32, 256, 4, 4), Streamed(16, 32, 64, 2, 8)];

    private static readonly GroupedGemmTile[] Streamed16 = [Streamed(16, 32, 512, 4, 4), Streamed(16, 32, 256, 2, 8), Streamed(16, 32, 64, 2, 8)];

    private static readonly GroupedGemmTile[] Streamed24Of16Bits = [Streamed(24, 64, 256, 4, 2), Streamed(24, 32, 64, 2, 6)];

    private static readonly GroupedGemmTile[] Streamed24 = [Streamed(24, 64, 512, 4, 2), Streamed(24, 64, 256, 2, 4), Streamed(24, 32, 64, 2, 6)];

    private static readonly GroupedGemmTile[] Converted64 = [Mma(64, 128, 64, 4, 2, 4, 4), Mma(64, 64, 64, 4, 2, 2, 4)];

    private static readonly GroupedGemmTile[] Converted128 = [Mma(128, 128, 64, 3, 2, 4, 8), Mma(128, 64, 64, 3, 2, 2, 8)];

    private static IReadOnlyList<Pair> ConvertedPairs(FusedMoeSpec spec)
    {
        if (spec.WeightType == DType.Float32) return []; // which no tensor core multiplies as exactly
        var (few, fewDown) = spec.WeightType switch
        {
            DType.Float16 => (Streamed8Of16Bits, Streamed8Of16Bits),
            DType.Int4 => (Streamed8Of4Bits, Streamed8Of4Bits),
            _ => (Streamed8Of8Bits, Streamed8Of8BitsDown),
        };
        var (rows16, rows24) = spec.WeightType == DType.Float16 ? (Streamed16Of16Bits, Streamed24Of16Bits) : (Streamed16, Streamed24);
        var pairs = new List<Pair>();
        Add(5, few, fewDown);
        Add(10, rows16, rows16);
        Add(18, rows24, rows24);
        Add(48, Converted64, Converted64);
        Add(int.MaxValue, Converted128, Converted128);
        return pairs;

        void Add(int mostRows, GroupedGemmTile[] gateUp, GroupedGemmTile[] down)
        {
            if (Fitting(spec, ExpertProduct.GateUp, gateUp) is { } first && Fitting(spec, ExpertProduct.Down, down) is { } second) pairs.Add(new Pair(TensorCore.Mma, mostRows, first, second));
        }
    }

    private static GroupedGemmTile Streamed(int m, int n, int k, int warps, int resident) => new(TensorCore.Mma, m, n, k, 1, 1, warps, Resident: resident);
}
