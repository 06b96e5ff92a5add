using System.Buffers.Binary;

namespace KernelGen.Tests;

/// <summary>The 32 lanes of a warp: their registers, where they stand, and what instructions do to them.</summary>
internal sealed class PtxLanes(Dictionary<string, int> registers, Dictionary<string, ulong> special, int warp, PtxMemory memory, Dictionary<string, ulong> parameters)
{
    private const int Lanes = 32;
    private const int Left = int.MaxValue;

    private readonly ulong[] _values = new ulong[registers.Count * Lanes];
    private readonly int[] _places = new int[Lanes];
    private readonly Queue<List<Action>>[] _copies = [.. Enumerable.Range(0, Lanes).Select(_ => new Queue<List<Action>>())];
    private readonly List<Action>[] _uncommitted = [.. Enumerable.Range(0, Lanes).Select(_ => new List<Action>())];

    public bool HasLeft => Array.TrueForAll(_places, place => place == Left);

    /// <summary>The foremost instruction that a lane stands at; −1 when all have left.</summary>
    public int Next()
    {
        var next = _places.Min();
        return next == Left ? -1 : next;
    }

    public void Branch(PtxInstruction instruction, int target)
    {
        foreach (var lane in Together(out var next)) _places[lane] = IsOn(instruction, lane) ? target : next + 1;
    }

    public void Execute(PtxInstruction instruction)
    {
        var together = Together(out var next);
        int[] lanes = [.. together.Where(lane => IsOn(instruction, lane))];
        if (instruction.Operation is var name && (name.StartsWith("mma", StringComparison.Ordinal) || name.StartsWith("ldmatrix", StringComparison.Ordinal) || name.StartsWith("shfl", StringComparison.Ordinal) || name == "bar.sync"))
            Assert.True(lanes.Length == Lanes, $"{name} needs all lanes; {lanes.Length} are there");
        foreach (var lane in together) _places[lane] = next + 1;
        if (name == "ret") foreach (var lane in lanes) _places[lane] = Left;
        else if (name.StartsWith("mma", StringComparison.Ordinal)) PtxTensorCore.Multiply(instruction, Get, Set);
        else if (name.StartsWith("ldmatrix", StringComparison.Ordinal)) LoadMatrices(instruction);
        else if (name.StartsWith("shfl.sync", StringComparison.Ordinal)) Shuffle(instruction, name.Contains("bfly", StringComparison.Ordinal));
        else foreach (var lane in lanes) Execute(instruction, name, lane);
    }

    private int[] Together(out int next)
    {
        var place = next = Next();
        return [.. Enumerable.Range(0, Lanes).Where(lane => _places[lane] == place)];
    }

    private bool IsOn(PtxInstruction instruction, int lane) => instruction.Predicate is not { } predicate || (Get(predicate, lane) != 0) != instruction.IsNegated;

    private ulong Get(string register, int lane)
    {
        if (registers.TryGetValue(register, out var index)) return _values[(index * Lanes) + lane];
        if (register == "%tid.x") return (ulong)((warp * Lanes) + lane);
        return register == "stageMemory" ? 0 : special[register];
    }

    private void Set(string register, int lane, ulong value) => _values[(registers[register] * Lanes) + lane] = value;

    private ulong Get(PtxOperand operand, int lane) => operand.Parts.Length == 0 ? operand.Number : Get(operand.Parts[0], lane);

    private ulong Address(PtxOperand operand, int lane) => Get(operand.Parts[0], lane) + operand.Number;

    private void Execute(PtxInstruction instruction, string name, int lane)
    {
        var operands = instruction.Operands;
        ulong A(int index) => Get(operands[index], lane);
        uint U(int index) => (uint)A(index);
        float F(int index) => BitConverter.UInt32BitsToSingle(U(index));
        void To(ulong value) => Set(operands[0].Parts[0], lane, value);
        void Single(float value) => To(BitConverter.SingleToUInt32Bits(value));
        void Truth(bool value) => To(value ? 1UL : 0UL);
        switch (name)
        {
            case "mov.b32" when operands[0].Parts.Length == 2:
                Set(operands[0].Parts[0], lane, U(1) & 0xFFFF);
                Set(operands[0].Parts[1], lane, U(1) >> 16);
                break;
            case "mov.u32" or "mov.b32" or "mov.f32" or "mov.u64" or "mov.b64" or "cvta.to.global.u64" or "cvt.u64.u32": To(A(1)); break;
            case "and.b32" or "and.pred": To(U(1) & U(2)); break;
            case "or.b32": To(U(1) | U(2)); break;
            case "xor.b32": To(U(1) ^ U(2)); break;
            case "shl.b32": To(U(1) << (int)U(2)); break;
            case "shr.u32": To(U(1) >> (int)U(2)); break;
            case "add.u32": To((uint)(U(1) + U(2))); break;
            case "sub.u32": To((uint)(U(1) - U(2))); break;
            case "neg.s32": To((uint)-(int)U(1)); break;
            case "min.u32": To(Math.Min(U(1), U(2))); break;
            case "lop3.b32": To(Logic(U(1), U(2), U(3), U(4))); break;
            case "prmt.b32": To(Permute(U(1) | ((ulong)U(2) << 32), U(3))); break;
            case "add.u64": To(A(1) + A(2)); break;
            case "mul.lo.u32": To((uint)(U(1) * U(2))); break;
            case "mul.wide.u32": To((ulong)U(1) * U(2)); break;
            case "mad.lo.u32": To((uint)((U(1) * U(2)) + U(3))); break;
            case "mad.wide.u32": To(((ulong)U(1) * U(2)) + A(3)); break;
            case "div.u32": To(U(1) / U(2)); break;
            case "rem.u32": To(U(1) % U(2)); break;
            case "setp.lt.u32": Truth(U(1) < U(2)); break;
            case "setp.ge.u32": Truth(U(1) >= U(2)); break;
            case "setp.gt.u32": Truth(U(1) > U(2)); break;
            case "setp.eq.u32": Truth(U(1) == U(2)); break;
            case "setp.ne.u32" or "setp.ne.b32": Truth(U(1) != U(2)); break;
            case "setp.lt.f32": Truth(F(1) < F(2)); break;
            case "selp.b32" or "selp.b64" or "selp.f32": To(A(3) != 0 ? A(1) : A(2)); break;
            case "abs.f32": Single(Math.Abs(F(1))); break;
            case "add.rn.f32": Single(F(1) + F(2)); break;
            case "sub.rn.f32": Single(F(1) - F(2)); break;
            case "mul.rn.f32": Single(F(1) * F(2)); break;
            case "fma.rn.f32": Single(MathF.FusedMultiplyAdd(F(1), F(2), F(3))); break;
            case "min.NaN.f32": Single(MathF.Min(F(1), F(2))); break;
            case "max.NaN.f32": Single(MathF.Max(F(1), F(2))); break;
            case "ex2.approx.f32": Single(MathF.Pow(2, F(1))); break;
            case "rcp.approx.f32": Single(1 / F(1)); break;
            case "fma.rn.bf16x2": To(Pair(half => (float)Math.FusedMultiplyAdd(Half(U(1), half), Half(U(2), half), Half(U(3), half)))); break;
            case "cvt.f32.f16": Single((float)BitConverter.UInt16BitsToHalf((ushort)U(1))); break;
            case "cvt.rn.f32.s32": Single((int)U(1)); break;
            case "cvt.rn.bf16x2.f32": To(((uint)((BFloat16)F(1)).Bits << 16) | ((BFloat16)F(2)).Bits); break;
            case "bar.sync": break;
            case "cp.async.commit_group":
                _copies[lane].Enqueue([.. _uncommitted[lane]]);
                _uncommitted[lane].Clear();
                break;
            case "cp.async.wait_group":
                while (_copies[lane].Count > (int)operands[0].Number) _copies[lane].Dequeue().ForEach(copy => copy());
                break;
            default:
                if (name.StartsWith("ld.param", StringComparison.Ordinal)) To(parameters[operands[1].Parts[0]]);
                else if (name.EndsWith(".s8", StringComparison.Ordinal)) To((uint)(sbyte)memory.At(name.Contains("shared", StringComparison.Ordinal), Address(operands[1], lane), 1)[0]);
                else if (name.StartsWith("ld.", StringComparison.Ordinal)) Load(operands, name.Contains("shared", StringComparison.Ordinal), lane);
                else if (name.StartsWith("st.", StringComparison.Ordinal)) Store(operands, name.Contains("shared", StringComparison.Ordinal), lane);
                else if (name.StartsWith("cp.async.c", StringComparison.Ordinal)) Copy(operands, lane);
                else throw new NotSupportedException(name);
                break;
        }
    }

    private static double Half(uint pair, int half) => BitConverter.UInt32BitsToSingle(half == 0 ? pair << 16 : pair & 0xFFFF_0000);

    private static uint Pair(Func<int, float> value) => ((uint)((BFloat16)value(1)).Bits << 16) | ((BFloat16)value(0)).Bits;

    private static uint Logic(uint a, uint b, uint c, uint table)
    {
        var result = 0u;
        for (var bit = 0; bit < 32; bit++)
        {
            var place = (((a >> bit) & 1) << 2) | (((b >> bit) & 1) << 1) | ((c >> bit) & 1);
            result |= ((table >> (int)place) & 1) << bit;
        }

        return result;
    }

    private static uint Permute(ulong bytes, uint selector)
    {
        var result = 0u;
        for (var place = 0; place < 4; place++)
        {
            var choice = (selector >> (4 * place)) & 15;
            Assert.True(choice < 8, "signs of bytes are not replicated here");
            result |= (uint)((bytes >> (int)(8 * choice)) & 0xFF) << (8 * place);
        }

        return result;
    }

    private void Shuffle(PtxInstruction instruction, bool isButterfly)
    {
        var values = Enumerable.Range(0, Lanes).Select(lane => Get(instruction.Operands[1], lane)).ToArray();
        for (var lane = 0; lane < Lanes; lane++)
        {
            var other = (int)Get(instruction.Operands[2], lane);
            Set(instruction.Operands[0].Parts[0], lane, values[isButterfly ? lane ^ other : other]);
        }
    }

    private void Load(PtxOperand[] operands, bool isShared, int lane)
    {
        var (to, address) = (operands[0].Parts, Address(operands[1], lane));
        Assert.True(address % (ulong)(4 * to.Length) == 0, $"a load of {to.Length} words at {address}");
        for (var i = 0; i < to.Length; i++) Set(to[i], lane, memory.Word(isShared, address + (4 * (ulong)i)));
    }

    private void Store(PtxOperand[] operands, bool isShared, int lane)
    {
        var (from, address) = (operands[1].Parts, Address(operands[0], lane));
        Assert.True(address % (ulong)(4 * from.Length) == 0, $"a store of {from.Length} words at {address}");
        for (var i = 0; i < from.Length; i++) BinaryPrimitives.WriteUInt32LittleEndian(memory.At(isShared, address + (4 * (ulong)i), 4), (uint)Get(from[i], lane));
    }

    /// <summary>A copy to shared memory, which zeros fill up; it happens when somebody waits for it.</summary>
    private void Copy(PtxOperand[] operands, int lane)
    {
        var (to, from, size) = (Address(operands[0], lane), Address(operands[1], lane), (int)operands[2].Number);
        var bytes = operands.Length == 4 ? (int)Get(operands[3], lane) : size;
        _uncommitted[lane].Add(() =>
        {
            var target = memory.At(isShared: true, to, size);
            target.Clear();
            if (bytes > 0) memory.At(isShared: false, from, size)[..bytes].CopyTo(target);
        });
    }

    /// <summary>Four matrices of 8 rows of 16 bytes, whose addresses 8 lanes each have.</summary>
    private void LoadMatrices(PtxInstruction instruction)
    {
        var to = instruction.Operands[0].Parts;
        for (var matrix = 0; matrix < to.Length; matrix++)
        {
            for (var lane = 0; lane < Lanes; lane++)
            {
                var row = Address(instruction.Operands[1], (matrix * 8) + (lane / 4));
                Assert.True(row % 16 == 0, $"a row of a matrix at {row}");
                Set(to[matrix], lane, memory.Word(isShared: true, row + ((ulong)(lane % 4) * 4)));
            }
        }
    }
}

/// <summary><c>mma.sync</c> by its definition: rows of the first and columns of the second matrix, four bytes of them in a register.</summary>
internal static class PtxTensorCore
{
    public static void Multiply(PtxInstruction instruction, Func<string, int, ulong> get, Action<string, int, ulong> set)
    {
        var (d, a, b, c) = (instruction.Operands[0].Parts, instruction.Operands[1].Parts, instruction.Operands[2].Parts, instruction.Operands[3].Parts);
        var (isInteger, isByte) = (instruction.Operation.Contains(".s8", StringComparison.Ordinal), !instruction.Operation.Contains("bf16", StringComparison.Ordinal));
        var results = new ulong[32, 4];
        for (var lane = 0; lane < 32; lane++)
        {
            for (var x = 0; x < 4; x++)
            {
                var (row, column, sum) = ((lane / 4) + (x / 2 * 8), (lane % 4 * 2) + (x % 2), 0.0);
                for (var word = 0; word < 8; word++)
                {
                    var first = (uint)get(a[(row / 8) + (word / 4 * 2)], (row % 8 * 4) + (word % 4));
                    var second = (uint)get(b[word / 4], (column * 4) + (word % 4));
                    for (var part = 0; part < (isByte ? 4 : 2); part++) sum += Number(first, part) * Number(second, part);
                }

                var before = (uint)get(c[x], lane);
                results[lane, x] = isInteger ? (uint)((int)before + (int)sum) : BitConverter.SingleToUInt32Bits((float)(BitConverter.UInt32BitsToSingle(before) + sum));
            }
        }

        for (var lane = 0; lane < 32; lane++)
        {
            for (var x = 0; x < 4; x++) set(d[x], lane, results[lane, x]);
        }

        double Number(uint word, int part) => isInteger ? (sbyte)(word >> (8 * part))
            : isByte ? new Float8E4M3((byte)(word >> (8 * part)))
            : BitConverter.UInt32BitsToSingle(word >> (16 * part) << 16);
    }
}
