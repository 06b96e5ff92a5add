namespace KernelGen.HuggingFace;

/// <summary>Copies the scales of quantised weights that are read in place, as fp32.</summary>
internal static class StoredScales
{
    /// <summary>Copies the scales of experts of the same format; null if their weights have none.</summary>
    public static ExpertScales? Copy(IReadOnlyList<MlpTensors> experts, ExpertFormat format, LoadProgress progress)
    {
        if (format.Quantization == WeightQuantization.None) return null;
        Grid gateUpGrid = Grid.Of(format, experts[0].Gate), downGrid = Grid.Of(format, experts[0].Down);
        float[] gate = gateUpGrid.Allocate(experts.Count), up = gateUpGrid.Allocate(experts.Count), down = downGrid.Allocate(experts.Count);
        progress.ForEach(experts.Count, expert =>
        {
            gateUpGrid.Fill(experts[expert].Gate, gate, expert);
            gateUpGrid.Fill(experts[expert].Up, up, expert);
            downGrid.Fill(experts[expert].Down, down, expert);
        });
        return format.Quantization switch
        {
            _ when format.ZeroPoints => ExpertScales.PerGroup(format.GroupSize, gate, up, down, ZeroPoints(mlp => mlp.Gate), ZeroPoints(mlp => mlp.Up), ZeroPoints(mlp => mlp.Down)),
            WeightQuantization.Tensor => ExpertScales.PerTensor(gate, up, down),
            WeightQuantization.Channel => ExpertScales.PerChannel(gate, up, down),
            WeightQuantization.Block128 => ExpertScales.PerBlock128(gate, up, down),
            _ => ExpertScales.PerGroup(format.GroupSize, gate, up, down),
        };

        byte[] ZeroPoints(Func<MlpTensors, ExpertMatrix> projection)
        {
            var grid = Grid.Of(format, projection(experts[0]));
            var zeroPoints = grid.AllocatePairs(experts.Count);
            progress.ForEach(experts.Count, expert => grid.FillPairs(projection(experts[expert]), zeroPoints, expert));
            return zeroPoints;
        }
    }

    /// <summary>The grid of scales over a matrix, as kernels index it.</summary>
    private readonly record struct Grid(int Rows, int Columns, int RowsPerScale, int ColumnsPerScale)
    {
        private int Groups => (int)((Columns + (ColumnsPerScale - 1L)) / ColumnsPerScale);

        private int Count => checked((int)((Rows + (RowsPerScale - 1L)) / RowsPerScale) * Groups);

        public static Grid Of(ExpertFormat format, ExpertMatrix matrix)
        {
            var (rows, columns) = format.Quantization switch
            {
                WeightQuantization.Tensor => (matrix.Rows, matrix.Columns),
                WeightQuantization.Channel => (1, matrix.Columns),
                WeightQuantization.Block128 => (128, 128),
                _ => (1, format.GroupSize),
            };
            return new Grid(matrix.Rows, matrix.Columns, rows, columns);
        }

        public float[] Allocate(int experts) => GC.AllocateUninitializedArray<float>(checked(experts * Count));

        public void Fill(ExpertMatrix matrix, float[] target, int expert)
        {
            var part = target.AsSpan(expert * Count, Count);
            for (var i = 0; i < part.Length; i++) part[i] = matrix.Scales!.At(i / Groups * RowsPerScale, i % Groups * ColumnsPerScale);
        }

        public byte[] AllocatePairs(int experts) => new byte[checked(experts * (Count / 2))];

        /// <summary>Zero points, with those of two neighbouring rows in a byte.</summary>
        public void FillPairs(ExpertMatrix matrix, byte[] target, int expert)
        {
            var part = target.AsSpan(expert * (Count / 2), Count / 2);
            for (var i = 0; i < part.Length; i++)
            {
                int row = i / Groups * 2, column = i % Groups * ColumnsPerScale;
                part[i] = (byte)(matrix.Scales!.ZeroPointAt(row, column) | (matrix.Scales.ZeroPointAt(row + 1, column) << 4));
            }
        }
    }
}
