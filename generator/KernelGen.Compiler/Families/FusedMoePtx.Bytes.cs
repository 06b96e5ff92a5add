using KernelGen.Compiler.Ptx;

namespace KernelGen.Compiler.Families;

/// <content>Weights and inputs in 8 bits, with mma on every device. All tiles fit 99 KiB.</content>
public static partial class FusedMoePtx
{
    private static readonly GroupedGemmTile[] Bytes16 = [Bytes(16, 64, 256, 4, 1, 4), Bytes(16, 64, 128, 8, 1, 4)];

    private static readonly GroupedGemmTile[] Bytes32 = [Bytes(32, 64, 128, 6, 1, 4)];

    private static readonly GroupedGemmTile[] Bytes64 = [Bytes(64, 128, 128, 3, 2, 4, 4), Bytes(64, 64, 128, 4, 2, 2, 4)];

    private static readonly GroupedGemmTile[] Bytes128 = [Bytes(128, 128, 128, 3, 2, 4, 8), Bytes(128, 64, 128, 4, 2, 2, 8)];

    private static IReadOnlyList<Pair> BytePairs(FusedMoeSpec spec)
    {
        var pairs = new List<Pair>();
        Add(8, Bytes16);
        Add(16, Bytes32);
        Add(48, Bytes64);
        Add(int.MaxValue, Bytes128);
        return pairs.Count == 4 ? pairs : [];

        void Add(int mostRows, GroupedGemmTile[] tiles)
        {
            if (Fitting(spec, ExpertProduct.GateUp, tiles) is { } gateUp && Fitting(spec, ExpertProduct.Down, tiles) is { } down) pairs.Add(new Pair(TensorCore.MmaBytes, mostRows, gateUp, down));
        }
    }

    private static GroupedGemmTile Bytes(int m, int n, int k, int stages, int warpsM, int warpsN, int groupM = 1) => new(TensorCore.MmaBytes, m, n, k, stages, warpsM, warpsN, groupM);
}
