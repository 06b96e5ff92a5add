using System.Buffers.Binary;
using System.Numerics;

namespace KernelGen.Tests;

/// <summary>From an instruction's name and operands to what it does; loads and stores are here, the rest with its kind.</summary>
internal static class PtxSteps
{
    public static PtxStep Of(string name, PtxOperand[] operands)
    {
        if (operands.Length > 1 && name == "mov.b32" && operands[0].Rows.Length == 2) return Unpack(operands[0].Rows, operands[1].Row);
        if (operands.Length > 1 && operands[1].Rows.Length == 2 && name is "mov.b32" or "mov.b64") return Pack(operands[0].Row, operands[1].Rows, name == "mov.b32" ? 16 : 32);
        if (PtxFunctions.ByName.TryGetValue(name, out var function)) return EachLane(function, operands);
        return name switch
        {
            "lop3.b32" => ThreeBits(operands),
            "fence.proxy.async.shared::cta" => PtxWarp.Fence,
            "fence.mbarrier_init.release.cluster" or "griddepcontrol.launch_dependents" or "bar.warp.sync" => (_, _) => true, // lanes are always together
            "griddepcontrol.wait" => PtxWarp.AwaitKernelBefore,
            _ when Begins("setmaxnreg") => PtxWarp.SetRegisters(operands[0]),
            _ when Begins("bar.sync") || Begins("barrier.cluster") => PtxMeeting.StepOf(name, operands),
            _ when Begins("mbarrier") || Begins("cp.async.mbarrier") => PtxBarrier.StepOf(name, operands),
            _ when Begins("cp.async.bulk.tensor") => PtxTensorMap.StepOf(name, operands),
            _ when Begins("cp.async") => PtxCopies.StepOf(name, operands),
            _ when Begins("wgmma") => PtxWgmma.StepOf(name, operands),
            _ when Begins("mma.sync") => PtxMma.StepOf(name, operands),
            _ when Begins("ldmatrix") => PtxMma.LoadMatrices(operands),
            "movmatrix.sync.aligned.m8n8.trans.b16" => PtxMma.Transpose(operands),
            _ when Begins("shfl.sync") => Shuffle(operands, name.Contains("bfly", StringComparison.Ordinal)),
            _ when Begins("ld.") => Load(operands, Bytes(), isSigned: name.EndsWith(".s8", StringComparison.Ordinal), IsShared()),
            _ when Begins("st.") => Store(operands, Bytes(), IsShared()),
            _ => throw new NotSupportedException(name),
        };

        bool Begins(string start) => name.StartsWith(start, StringComparison.Ordinal);

        bool IsShared() => name.Contains(".shared", StringComparison.Ordinal);

        int Bytes() => name[(name.LastIndexOf('.') + 2)..] switch { "8" => 1, "16" => 2, "32" => 4, "64" => 8, _ => throw new NotSupportedException(name) };
    }

    /// <summary>The lanes of a mask, one after the other.</summary>
    public static IEnumerable<int> LanesOf(uint lanes)
    {
        for (; lanes != 0; lanes &= lanes - 1) yield return BitOperations.TrailingZeroCount(lanes);
    }

    private static PtxStep EachLane(PtxFunctions.Function function, PtxOperand[] operands)
    {
        var to = operands[0].Row;
        var (a, b, c) = (Source(1), Source(2), Source(3));
        return (warp, lanes) =>
        {
            var values = warp.Values;
            for (; lanes != 0; lanes &= lanes - 1)
            {
                var lane = BitOperations.TrailingZeroCount(lanes);
                values[to + lane] = function(values[a + lane], values[b + lane], values[c + lane]);
            }

            return true;
        };

        int Source(int operand) => operands[Math.Min(operand, operands.Length - 1)].Row;
    }

    private static PtxStep ThreeBits(PtxOperand[] operands)
    {
        int[] rows = [.. operands.Select(operand => operand.Row)];
        return (warp, lanes) =>
        {
            var values = warp.Values;
            for (; lanes != 0; lanes &= lanes - 1)
            {
                var lane = BitOperations.TrailingZeroCount(lanes);
                values[rows[0] + lane] = PtxFunctions.Logic((uint)values[rows[1] + lane], (uint)values[rows[2] + lane], (uint)values[rows[3] + lane], (uint)values[rows[4] + lane]);
            }

            return true;
        };
    }

    private static PtxStep Unpack(int[] halves, int from) => (warp, lanes) =>
    {
        foreach (var lane in LanesOf(lanes))
        {
            var pair = warp.Values[from + lane];
            warp.Values[halves[0] + lane] = pair & 0xFFFF;
            warp.Values[halves[1] + lane] = (uint)pair >> 16;
        }

        return true;
    };

    private static PtxStep Pack(int to, int[] halves, int bits) => (warp, lanes) =>
    {
        foreach (var lane in LanesOf(lanes)) warp.Values[to + lane] = warp.Values[halves[0] + lane] | (warp.Values[halves[1] + lane] << bits);
        return true;
    };

    private static PtxStep Shuffle(PtxOperand[] operands, bool isButterfly) => (warp, _) =>
    {
        var values = warp.Values.AsSpan(operands[1].Row, PtxProgram.Lanes).ToArray();
        for (var lane = 0; lane < PtxProgram.Lanes; lane++)
        {
            var other = (int)warp.Values[operands[2].Row + lane];
            warp.Values[operands[0].Row + lane] = values[isButterfly ? lane ^ other : other];
        }

        return true;
    };

    private static PtxStep Load(PtxOperand[] operands, int bytes, bool isSigned, bool isShared)
    {
        var to = operands[0].Rows;
        return (warp, lanes) =>
        {
            for (; lanes != 0; lanes &= lanes - 1)
            {
                var lane = BitOperations.TrailingZeroCount(lanes);
                var address = operands[1].Address(warp, lane);
                var from = isShared ? warp.Group.Shared.Read(address, bytes * to.Length) : warp.Group.Cluster.Global.At(address, bytes * to.Length, warp);
                for (var i = 0; i < to.Length; i++)
                {
                    warp.Values[to[i] + lane] = bytes switch
                    {
                        1 => isSigned ? (uint)(sbyte)from[i] : from[i],
                        2 => BinaryPrimitives.ReadUInt16LittleEndian(from[(2 * i)..]),
                        4 => BinaryPrimitives.ReadUInt32LittleEndian(from[(4 * i)..]),
                        _ => BinaryPrimitives.ReadUInt64LittleEndian(from[(8 * i)..]),
                    };
                }
            }

            return true;
        };
    }

    private static PtxStep Store(PtxOperand[] operands, int bytes, bool isShared)
    {
        var rows = operands[1].Rows;
        return (warp, lanes) =>
        {
            Span<byte> value = stackalloc byte[8];
            for (; lanes != 0; lanes &= lanes - 1)
            {
                var lane = BitOperations.TrailingZeroCount(lanes);
                var address = operands[0].Address(warp, lane);
                var to = isShared ? warp.Group.Shared.Write(address, bytes * rows.Length, warp) : warp.Group.Cluster.Global.At(address, bytes * rows.Length, warp);
                for (var i = 0; i < rows.Length; i++)
                {
                    BinaryPrimitives.WriteUInt64LittleEndian(value, warp.Values[rows[i] + lane]);
                    value[..bytes].CopyTo(to[(bytes * i)..]);
                }
            }

            return true;
        };
    }
}
