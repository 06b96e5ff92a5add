using System.Globalization;
using System.Numerics;
using System.Text.RegularExpressions;

namespace KernelGen.Tests;

/// <summary>
/// <c>wgmma</c> with both operands in shared memory. Each warp multiplies its 16 rows, at once; until it has waited, nobody may write what is read,
/// and nobody may use the sums.
/// </summary>
internal sealed partial class PtxWgmma(PtxWarp warp)
{
    private const int Rows = 16;
    private const int RowBytes = 128;
    private const int StepBytes = 32;
    private const int WarpsOfGroup = 4;

    private readonly Dictionary<int, Sum> _sums = [];
    private readonly Queue<List<ulong>> _groups = [];
    private readonly double[] _first = new double[Rows * StepBytes];
    private readonly double[] _second = new double[StepBytes * 256];
    private List<ulong> _reads = [];
    private int _committed;
    private int _waited;
    private int _fences;
    private int _products;

    public static PtxStep StepOf(string name, PtxOperand[] operands) => name switch
    {
        "wgmma.fence.sync.aligned" => Once((products, _) => products._fences++),
        "wgmma.commit_group.sync.aligned" => Once((products, _) => products.Commit()),
        "wgmma.wait_group.sync.aligned" => Once((products, warp) => products.Wait((int)operands[0].Uniform(warp))),
        _ => Multiply(name, operands),
    };

    /// <summary>Another instruction uses sums.</summary>
    public void Touch(int[] rows, PtxInstruction instruction)
    {
        foreach (var row in rows)
        {
            var sum = SumAt(row);
            if (sum.Group > _waited) Assert.Fail($"{instruction.Text} uses sums that are under way");
            sum.UsedAfter = _fences;
        }
    }

    /// <summary>The warp ends.</summary>
    public void AssertDone() => Assert.True(_reads.Count == 0 && _groups.Count == 0, "a warp ends while it multiplies");

    private static PtxStep Once(Action<PtxWgmma, PtxWarp> act) => (warp, _) =>
    {
        act(warp.Products, warp);
        return true;
    };

    private static PtxStep Multiply(string name, PtxOperand[] operands)
    {
        var form = Form().Match(name);
        Assert.True(form.Success, name);
        var (columns, type) = (int.Parse(form.Groups["columns"].Value, CultureInfo.InvariantCulture), PtxNumbers.TypeIn(name));
        Assert.Equal(StepBytes, int.Parse(form.Groups["depth"].Value, CultureInfo.InvariantCulture) * PtxNumbers.BytesOf(type));
        Assert.Equal(columns / 2, operands[0].Rows.Length);

        // Signs, of floating-point numbers, then what transposes, of 16 bits.
        ulong[] options = type switch { "bf16" => [1, 1, 0, 0], "e4m3" => [1, 1], _ => [] };
        Assert.Equal(4 + options.Length, operands.Length);
        return (warp, _) =>
        {
            for (var i = 0; i < options.Length; i++) Assert.Equal(options[i], operands[4 + i].Uniform(warp));
            warp.Products.Multiply(operands[0].Rows, operands[1].Uniform(warp), operands[2].Uniform(warp), operands[3].Uniform(warp) != 0, columns, type);
            return true;
        };
    }

    private void Multiply(int[] to, ulong a, ulong b, bool adds, int columns, string type)
    {
        AssertWarpsAgree(a, b, adds);
        var length = StepBytes / PtxNumbers.BytesOf(type);
        Span<double> numbers = stackalloc double[length];
        for (var row = 0; row < Rows; row++) Read(a, (warp.Number % WarpsOfGroup * Rows) + row, type, _first.AsSpan(row * length, length));
        for (var column = 0; column < columns; column++)
        {
            Read(b, column, type, numbers);
            for (var k = 0; k < length; k++) _second[(k * columns) + column] = numbers[k];
        }

        Span<double> sums = stackalloc double[columns];
        for (var row = 0; row < Rows; row++)
        {
            sums.Clear();
            for (var k = 0; k < length; k++) AddScaled(sums, _second.AsSpan(k * columns, columns), _first[(row * length) + k]);
            for (var column = 0; column < columns; column++)
            {
                var register = to[(column / 8 * 4) + (row / 8 * 2) + (column % 2)];
                ref var value = ref warp.Values[register + (row % 8 * 4) + (column % 8 / 2)];
                value = PtxNumbers.Add(adds ? value : 0, sums[column], type == "s8");
            }
        }

        foreach (var register in to)
        {
            var sum = SumAt(register);
            if (sum.UsedAfter >= _fences) Assert.Fail("no wgmma.fence stands between what uses sums and what multiplies");
            sum.Group = _committed + 1;
        }
    }

    private static void AddScaled(Span<double> sums, ReadOnlySpan<double> numbers, double factor)
    {
        var factors = new Vector<double>(factor);
        for (var i = 0; i < sums.Length; i += Vector<double>.Count) (new Vector<double>(sums[i..]) + (new Vector<double>(numbers[i..]) * factors)).CopyTo(sums[i..]);
    }

    /// <summary>A row of 32 bytes at a descriptor's address: rows are 128 bytes apart and swizzled; the distance of groups of eight rows is the descriptor's.</summary>
    private void Read(ulong descriptor, int row, string type, Span<double> to)
    {
        if (descriptor >> 62 != 1 || ((descriptor >> 49) & 7) != 0) Assert.Fail($"the descriptor {descriptor:x} has another swizzle than one of 128 bytes");
        var address = ((descriptor & 0x3FFF) << 4) + ((ulong)(row / 8) * (((descriptor >> 32) & 0x3FFF) << 4)) + (ulong)(row % 8 * RowBytes);
        var half = to.Length / 2;
        for (var chunk = 0; chunk < 2; chunk++)
        {
            var from = PtxTensorMap.Swizzled(address + (ulong)(chunk * PtxSharedMemory.ChunkBytes));
            PtxNumbers.Decode(warp.Group.Shared.BeginRead(from, warp), type, to.Slice(chunk * half, half));
            _reads.Add(from);
        }
    }

    private void Commit()
    {
        _committed++;
        _groups.Enqueue(_reads);
        _reads = [];
    }

    private void Wait(int left)
    {
        while (_groups.Count > left)
        {
            foreach (var address in _groups.Dequeue()) warp.Group.Shared.EndRead(address);
            _waited++;
        }
    }

    private void AssertWarpsAgree(ulong a, ulong b, bool adds)
    {
        var group = warp.Number / WarpsOfGroup;
        if (!warp.Group.Products.TryGetValue(group, out var products)) warp.Group.Products.Add(group, products = []);
        if (products.Count == _products) products.Add((a, b, adds));
        if (products[_products++] != (a, b, adds)) Assert.Fail($"warp {warp.Number} multiplies something else than the others of its warp group");
    }

    private Sum SumAt(int row)
    {
        if (!_sums.TryGetValue(row, out var sum)) _sums.Add(row, sum = new());
        return sum;
    }

    [GeneratedRegex(@"^wgmma\.mma_async\.sync\.aligned\.m64n(?<columns>\d+)k(?<depth>\d+)\.(f32|s32)\.")]
    private static partial Regex Form();

    /// <summary>The last group of products that writes a sum, and the number of fences when another instruction used it.</summary>
    private sealed class Sum
    {
        public int Group { get; set; }

        public int UsedAfter { get; set; }
    }
}
