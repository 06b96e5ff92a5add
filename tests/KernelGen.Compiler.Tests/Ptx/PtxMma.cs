using System.Buffers.Binary;
using System.Numerics;

namespace KernelGen.Tests;

/// <summary><c>mma.sync</c> by its definition, and the loads of its operands: rows of the first and columns of the second matrix, four bytes of them in a register.</summary>
internal static class PtxMma
{
    private const int Words = 8;

    public static PtxStep StepOf(string name, PtxOperand[] operands)
    {
        var (d, a, b, c) = (operands[0].Rows, operands[1].Rows, operands[2].Rows, operands[3].Rows);
        var (type, isInteger) = (PtxNumbers.TypeIn(name), name.Contains(".s8", StringComparison.Ordinal));
        var length = Words * 4 / PtxNumbers.BytesOf(type);
        return (warp, _) =>
        {
            Span<double> first = stackalloc double[16 * length], second = stackalloc double[8 * length];
            Span<byte> bytes = stackalloc byte[4 * Words];
            for (var row = 0; row < 16; row++)
            {
                for (var word = 0; word < Words; word++) Word(bytes, word, warp.Values[a[(row / 8) + (word / 4 * 2)] + (row % 8 * 4) + (word % 4)]);
                PtxNumbers.Decode(bytes, type, first.Slice(row * length, length));
            }

            for (var column = 0; column < 8; column++)
            {
                for (var word = 0; word < Words; word++) Word(bytes, word, warp.Values[b[word / 4] + (column * 4) + (word % 4)]);
                PtxNumbers.Decode(bytes, type, second.Slice(column * length, length));
            }

            for (var lane = 0; lane < PtxProgram.Lanes; lane++)
            {
                for (var x = 0; x < 4; x++)
                {
                    var (row, column) = ((lane / 4) + (x / 2 * 8), (lane % 4 * 2) + (x % 2));
                    warp.Values[d[x] + lane] = PtxNumbers.Add(warp.Values[c[x] + lane], PtxNumbers.Dot(first.Slice(row * length, length), second.Slice(column * length, length)), isInteger);
                }
            }

            return true;
        };

        static void Word(Span<byte> bytes, int word, ulong value) => BinaryPrimitives.WriteUInt32LittleEndian(bytes[(4 * word)..], (uint)value);
    }

    /// <summary>Four matrices of 8 rows of 16 bytes, whose addresses 8 lanes each have.</summary>
    public static PtxStep LoadMatrices(PtxOperand[] operands) => (warp, _) =>
    {
        var to = operands[0].Rows;
        for (var matrix = 0; matrix < to.Length; matrix++)
        {
            for (var row = 0; row < 8; row++)
            {
                var bytes = warp.Group.Shared.Read(operands[1].Address(warp, (matrix * 8) + row), 16);
                for (var word = 0; word < 4; word++) warp.Values[to[matrix] + (row * 4) + word] = BinaryPrimitives.ReadUInt32LittleEndian(bytes[(4 * word)..]);
            }
        }

        return true;
    };

    /// <summary>A matrix of 8 rows of 8 elements of 16 bits, two of them a lane.</summary>
    public static PtxStep Transpose(PtxOperand[] operands) => (warp, _) =>
    {
        var from = warp.Values.AsSpan(operands[1].Row, PtxProgram.Lanes).ToArray();
        for (var lane = 0; lane < PtxProgram.Lanes; lane++) warp.Values[operands[0].Row + lane] = Element(lane % 4 * 2, lane / 4) | (Element((lane % 4 * 2) + 1, lane / 4) << 16);
        return true;

        ulong Element(int row, int column) => (from[(row * 4) + (column / 2)] >> (column % 2 * 16)) & 0xFFFF;
    };
}

/// <summary>The numbers that tensor cores multiply.</summary>
internal static class PtxNumbers
{
    private static readonly double[] Float8 = [.. Enumerable.Range(0, 256).Select(bits => (double)new Float8E4M3((byte)bits))];

    /// <summary>The type of both operands.</summary>
    public static string TypeIn(string operation) => Array.Find(["bf16", "e4m3", "s8"], type => operation.Contains($".{type}.{type}", StringComparison.Ordinal)) ?? throw new NotSupportedException(operation);

    public static int BytesOf(string type) => type == "bf16" ? 2 : 1;

    public static void Decode(ReadOnlySpan<byte> bytes, string type, Span<double> to)
    {
        switch (type)
        {
            case "bf16":
                for (var i = 0; i < to.Length; i++) to[i] = BitConverter.UInt32BitsToSingle((uint)BinaryPrimitives.ReadUInt16LittleEndian(bytes[(2 * i)..]) << 16);
                break;
            case "e4m3":
                for (var i = 0; i < to.Length; i++) to[i] = Float8[bytes[i]];
                break;
            default:
                for (var i = 0; i < to.Length; i++) to[i] = (sbyte)bytes[i];
                break;
        }
    }

    public static double Dot(ReadOnlySpan<double> left, ReadOnlySpan<double> right)
    {
        var sums = Vector<double>.Zero;
        for (var i = 0; i < left.Length; i += Vector<double>.Count) sums += new Vector<double>(left[i..]) * new Vector<double>(right[i..]);
        return Vector.Sum(sums);
    }

    /// <summary>A register's sum and another one, rounded once.</summary>
    public static ulong Add(ulong register, double sum, bool isInteger) =>
        isInteger ? (uint)((int)register + (int)sum) : BitConverter.SingleToUInt32Bits((float)(BitConverter.UInt32BitsToSingle((uint)register) + sum));
}
