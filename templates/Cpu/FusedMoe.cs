using System;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using KernelGen.Cpu;
using KernelGen.Numerics;

namespace KernelGen.Templates.Cpu;

/// <summary>
/// The experts of a Mixture-of-Experts layer. Tokens are sorted by expert and cut into blocks. Many tokens of one expert
/// lie side by side in panels, so that one weight multiplies a vector of tokens; what is left over of a panel is taken as
/// rows against the same weights. A few tokens alone are rows too, and the weights stream through once.
/// </summary>
[KernelTemplate]
internal static unsafe partial class FusedMoe<[Specialize] TWeight>
    where TWeight : unmanaged
{
    [Specialize] private const int Experts = 8;
    [Specialize] private const int TopK = 2;
    [Specialize] private const int HiddenSize = 128;
    [Specialize] private const int IntermediateSize = 96;
    [Specialize] private const MoeActivation Activation = MoeActivation.SiluAndMul;
    [Specialize] private const float ActivationLimit = 0f;
    [Specialize] private const bool Bias = false;
    [Specialize] private const bool RouterWeightOnInput = false;
    [Specialize] private const int SplitK = 1;

    /// <summary>Numbers of a vector.</summary>
    [Specialize] private const int Lanes = 8;

    /// <summary>Weight rows of a register tile of the first product; half of them gate rows and half up rows if there are such.</summary>
    [Specialize] private const int GateUpTileRows = 6;

    /// <summary>Weight rows of a register tile of the second product.</summary>
    [Specialize] private const int DownTileRows = 6;

    /// <summary>Vectors of tokens that a register tile is wide.</summary>
    [Specialize] private const int TileVectors = 2;

    /// <summary>Most tokens that, alone, are taken as rows against streaming weights.</summary>
    [Specialize] private const int RowTokens = 4;

    /// <summary>Columns of the intermediate states that one work item computes.</summary>
    [Specialize] private const int GateUpColumns = 48;

    /// <summary>Columns of the output that one work item computes.</summary>
    [Specialize] private const int DownColumns = 48;

    private const int PanelTokens = SplitK == 1 ? TileVectors * Lanes : 0;
    private const int SegmentBlocks = 16;

    /// <summary>Most tokens that are left over of a narrow panel: one that is almost full is padded.</summary>
    private const int RemainderTokens = Lanes * 3 / 4;

    /// <summary>Most tokens of a block of rows.</summary>
    private const int MaxRows = PanelTokens == 0 || RemainderTokens < RowTokens ? RowTokens : RemainderTokens;
    private const int GateUpItems = (IntermediateSize + GateUpColumns - 1) / GateUpColumns;
    private const int DownItems = (HiddenSize + DownColumns - 1) / DownColumns;
    private const int CombineTokens = 16;

    /// <summary>Computes one call, in as many passes over the tokens as the workspace limit asks for.</summary>
    internal static void Run(in ExpertsArguments call)
    {
        var tiling = new ExpertsTiling(TopK, Experts, PanelTokens, Lanes, MaxRows, SegmentBlocks, QuantizedBytes);
        ExpertsPasses.Run(call, tiling, HiddenSize, IntermediateSize, SplitK, &Pass);
    }

    private static void Pass(ExpertsArguments* call)
    {
        if (RoundsInputs) QuantizeHidden(call);
        if (SplitK > 1)
        {
            CpuWorkers.Run(call, SplitK * call->Plan.SegmentCount * GateUpItems, &GateUpSlice);
            CpuWorkers.Run(call, call->Plan.Rows, &ReduceGateUp);
            if (RoundsInputs) QuantizeActivations(call);
            CpuWorkers.Run(call, SplitK * call->Plan.SegmentCount * DownItems, &DownSlice);
            CpuWorkers.Run(call, call->Plan.Rows, &ReduceDown);
        }
        else
        {
            CpuWorkers.Run(call, call->Plan.BlockCount, &PackBlock);
            CpuWorkers.Run(call, call->Plan.SegmentCount * GateUpItems, &GateUp);
            if (RoundsInputs) QuantizeActivations(call);
            CpuWorkers.Run(call, call->Plan.SegmentCount * DownItems, &Down);
        }

        CpuWorkers.Run(call, (call->Tokens + (CombineTokens - 1)) / CombineTokens, &Combine);
    }

    /// <summary>First product, biases and activation: one expert's tokens, a few columns of the intermediate states.</summary>
    private static void GateUp(void* context, int item)
    {
        var call = (ExpertsArguments*)context;
        var segment = call->Plan.Segments[item / GateUpItems];
        var first = item % GateUpItems * GateUpColumns;
        var end = Math.Min(first + GateUpColumns, IntermediateSize);
        var gate = (TWeight*)call->Gate[segment.Expert];
        var up = (TWeight*)call->Up[segment.Expert];

        var blocks = call->Plan.Blocks + segment.FirstBlock;
        if (IsFewTokens(blocks, segment.BlockCount)) GateUpRows(call, *blocks, gate, up, first, end);
        else GateUpPanels(call, blocks, segment.BlockCount, gate, up, first, end);
    }

    /// <summary>Second product, bias and router weight: one expert's tokens, a few columns of the output.</summary>
    private static void Down(void* context, int item)
    {
        var call = (ExpertsArguments*)context;
        var segment = call->Plan.Segments[item / DownItems];
        var first = item % DownItems * DownColumns;
        var end = Math.Min(first + DownColumns, HiddenSize);
        var down = (TWeight*)call->Down[segment.Expert];

        var blocks = call->Plan.Blocks + segment.FirstBlock;
        if (IsFewTokens(blocks, segment.BlockCount)) DownRows(call, *blocks, down, first, end);
        else DownPanels(call, blocks, segment.BlockCount, down, first, end);
    }

    private static bool IsFewTokens(SlotBlock* blocks, int count) => count == 1 && blocks->Width == 0 && blocks->Tokens <= RowTokens;

    /// <summary>Adds the weighted outputs of each token's experts, in the order of its slots.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Combine(void* context, int item)
    {
        var call = (ExpertsArguments*)context;
        var end = Math.Min((item + 1) * CombineTokens, call->Tokens);
        for (var token = item * CombineTokens; token < end; token++)
        {
            float* slots = call->SlotOutputs + ((nint)token * TopK * HiddenSize);
            var experts = call->Experts + (token * call->ExpertsStride);
            foreach (var j in Static.Range(TopK))
            {
                if (experts[j] < 0) new Span<float>(slots + (j * HiddenSize), HiddenSize).Clear();
            }

            var output = call->Output + (token * call->OutputStride);
            nint h = 0;
            for (; h <= HiddenSize - Lanes; h += Lanes)
            {
                var sum = Vector256.Load(slots + h);
                foreach (var j in Static.Range(1, TopK)) sum += Vector256.Load(slots + (j * HiddenSize) + h);
                sum.Store(output + h);
            }

            if (HiddenSize % Lanes != 0)
            {
                for (; h < HiddenSize; h++)
                {
                    var sum = slots[h];
                    foreach (var j in Static.Range(1, TopK)) sum += slots[(j * HiddenSize) + h];
                    output[h] = sum;
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Load(TWeight* weights)
    {
        if (typeof(TWeight) == typeof(float)) return Vector256.Load((float*)weights);
        if (typeof(TWeight) == typeof(Half)) return Simd.Load<Vector256<float>>((Half*)weights);
        if (typeof(TWeight) == typeof(sbyte)) return Simd.Load<Vector256<float>>((sbyte*)weights);
        if (typeof(TWeight) == typeof(Float8E4M3)) return Simd.Load<Vector256<float>>((Float8E4M3*)weights);
        return Simd.Load<Vector256<float>>((BFloat16*)weights);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float LoadScalar(TWeight* weight)
    {
        if (typeof(TWeight) == typeof(float)) return *(float*)weight;
        if (typeof(TWeight) == typeof(Half)) return (float)*(Half*)weight;
        return *(BFloat16*)weight;
    }

    private static void Widen(TWeight* weights, float* target, int count)
    {
        if (typeof(TWeight) == typeof(float)) Simd.Widen((float*)weights, target, count);
        else if (typeof(TWeight) == typeof(Half)) Simd.Widen((Half*)weights, target, count);
        else Simd.Widen((BFloat16*)weights, target, count);
    }
}
