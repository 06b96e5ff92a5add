using System;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using KernelGen.Cpu;
using KernelGen.Numerics;

namespace KernelGen.Templates.Cpu;

/// <content>
/// w8a8: the inputs of both products rounded to the type of the weights. 8-bit floats are kept as their value times their scale, so
/// that everything behind is as it is without; 8-bit integers as shorts beside the scale of their row.
/// </content>
internal static unsafe partial class FusedMoe<TWeight>
{
    [Specialize] private const ActivationQuantization InputQuantization = ActivationQuantization.None;

    /// <summary>Whether integers multiply integers.</summary>
    [Specialize] private const bool IntegerSums = false;

    private const bool RoundsInputs = InputQuantization != ActivationQuantization.None;
    private const bool OneInputScale = InputQuantization == ActivationQuantization.StaticTensor || InputQuantization == ActivationQuantization.DynamicTensor;

    /// <summary>Neighbours of a row that share a scale; 0 when all do.</summary>
    private const int InputGroup = InputQuantization == ActivationQuantization.DynamicGroup128 ? 128 : 0;

    private const float LargestInput = IntegerSums ? 127f : 448f;
    private const float SmallestMagnitude = 1e-10f;
    private const int QuantizedBytes = !RoundsInputs ? 0 : IntegerSums ? sizeof(short) : sizeof(float);
    private const int HiddenPairs = (HiddenSize + 1) / 2;
    private const int IntermediatePairs = (IntermediateSize + 1) / 2;

    private static void QuantizeHidden(ExpertsArguments* call)
    {
        if (InputQuantization == ActivationQuantization.DynamicTensor)
        {
            CpuWorkers.Run(call, call->Tokens, &MeasureToken);
            call->HiddenScale = SharedScale(call->HiddenScales, call->Tokens);
        }

        CpuWorkers.Run(call, call->Tokens, &QuantizeToken);
        if (!IntegerSums)
        {
            call->Hidden = (float*)call->QuantizedHidden;
            call->HiddenStride = HiddenSize;
        }
    }

    private static void QuantizeActivations(ExpertsArguments* call)
    {
        if (InputQuantization == ActivationQuantization.DynamicTensor)
        {
            CpuWorkers.Run(call, call->Plan.BlockCount, &MeasureBlock);
            call->ActivationScale = SharedScale(call->ActivationScales, call->Plan.Rows);
        }

        CpuWorkers.Run(call, call->Plan.BlockCount, &QuantizeBlock);
    }

    private static void MeasureToken(void* context, int token)
    {
        var call = (ExpertsArguments*)context;
        call->HiddenScales[token] = Simd.LargestMagnitude(call->Hidden + (token * call->HiddenStride), HiddenSize);
    }

    private static void QuantizeToken(void* context, int token)
    {
        var call = (ExpertsArguments*)context;
        var source = call->Hidden + (token * call->HiddenStride);
        if (IntegerSums) QuantizeRow(HiddenSize, source, HiddenNumbers(call, token), call->HiddenScales + token);
        else RoundRow(HiddenSize, source, (float*)call->QuantizedHidden + ((nint)token * HiddenSize), call->HiddenScale);
    }

    /// <summary>The magnitudes of a block's rows, 0 for columns of a panel that hold no token.</summary>
    private static void MeasureBlock(void* context, int item)
    {
        var call = (ExpertsArguments*)context;
        var block = call->Plan.Blocks[item];
        var rows = call->Activations + ((nint)block.Row * IntermediateSize);
        var magnitudes = call->ActivationScales + block.Row;
        if (block.Width == 0)
        {
            for (var t = 0; t < block.Tokens; t++) magnitudes[t] = Simd.LargestMagnitude(rows + ((nint)t * IntermediateSize), IntermediateSize);
            return;
        }

        for (var t = 0; t < block.Width; t += Lanes) LargestMagnitudes(rows + t, block.Width, IntermediateSize).Store(magnitudes + t);
        for (var t = block.Tokens; t < block.Width; t++) magnitudes[t] = 0f;
    }

    /// <summary>Rounds a block's intermediate states where they are.</summary>
    private static void QuantizeBlock(void* context, int item)
    {
        var call = (ExpertsArguments*)context;
        var block = call->Plan.Blocks[item];
        var rows = call->Activations + ((nint)block.Row * IntermediateSize);
        var scales = call->ActivationScales + block.Row;
        if (block.Width > 0)
        {
            if (IntegerSums) QuantizePanel(rows, block.Width, scales);
            else RoundPanel(rows, block.Width, call->ActivationScale);
            return;
        }

        for (var t = 0; t < block.Tokens; t++)
        {
            if (IntegerSums) QuantizeRow(IntermediateSize, rows, (short*)rows, scales + t);
            else RoundRow(IntermediateSize, rows, rows, call->ActivationScale);
            rows += IntermediateSize;
        }
    }

    /// <summary>A row of 8-bit floats times their scales.</summary>
    private static void RoundRow([Specialize] int width, float* source, float* target, float scale)
    {
        var group = InputGroup == 0 ? width : InputGroup;
        for (var k = 0; k < width; k += group)
        {
            var count = Math.Min(group, width - k);
            Simd.RoundToFloat8(source + k, target + k, count, OneInputScale ? scale : InputScale(Simd.LargestMagnitude(source + k, count)));
        }
    }

    /// <summary>A row of 8-bit integers, whole pairs of them, and its scale.</summary>
    private static void QuantizeRow([Specialize] int width, float* source, short* target, float* scale)
    {
        *scale = InputScale(Simd.LargestMagnitude(source, width));
        Simd.Quantize(source, target, width, *scale);
        if (width % 2 != 0) target[width] = 0;
    }

    /// <summary>The same for a panel [I, width], whose rows are columns.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void RoundPanel(float* panel, int width, float shared)
    {
        var group = InputGroup == 0 ? IntermediateSize : InputGroup;
        for (var k = 0; k < IntermediateSize; k += group)
        {
            var count = Math.Min(group, IntermediateSize - k);
            for (var t = 0; t < width; t += Lanes)
            {
                var number = panel + ((nint)k * width) + t;
                var scale = OneInputScale ? Vector256.Create(shared) : InputScales(LargestMagnitudes(number, width, count));
                for (var i = 0; i < count; i++)
                {
                    (Simd.RoundToFloat8(Vector256.Load(number) / scale) * scale).Store(number);
                    number += width;
                }
            }
        }
    }

    /// <summary>The same for a panel [I, width], which becomes pairs of neighbours [⌈I / 2⌉, width].</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void QuantizePanel(float* panel, int width, float* scales)
    {
        for (var t = 0; t < width; t += Lanes)
        {
            var scale = InputScales(LargestMagnitudes(panel + t, width, IntermediateSize));
            scale.Store(scales + t);
            for (nint pair = 0; pair < IntermediatePairs; pair++)
            {
                var source = panel + (2 * pair * width) + t;
                var low = Simd.RoundToInt(Vector256.Load(source) / scale) & Vector256.Create(0xFFFF);
                var high = IntermediateSize % 2 != 0 && pair == IntermediatePairs - 1 ? Vector256<int>.Zero : Simd.RoundToInt(Vector256.Load(source + width) / scale) << 16;
                (low | high).Store((int*)panel + (pair * width) + t); // behind all that is still to be read
            }
        }
    }

    /// <summary>The largest magnitude in each lane; infinity or NaN if one of them is.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> LargestMagnitudes(float* column, int stride, int count)
    {
        var largest = Vector256<int>.Zero;
        for (var i = 0; i < count; i++)
        {
            largest = Vector256.Max(largest, Vector256.Load((int*)column) & Vector256.Create(int.MaxValue));
            column += stride;
        }

        return largest.AsSingle();
    }

    /// <summary>The scale of all tokens. What is infinite or no number spoils its own token, not the scale.</summary>
    private static float SharedScale(float* magnitudes, int count)
    {
        var largest = 0f;
        for (var i = 0; i < count; i++)
        {
            if (magnitudes[i] < float.PositiveInfinity) largest = Math.Max(largest, magnitudes[i]);
        }

        return InputScale(largest);
    }

    private static float InputScale(float magnitude) => Math.Max(magnitude, SmallestMagnitude) / LargestInput;

    /// <summary>NaN stays NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> InputScales(Vector256<float> magnitudes) =>
        Simd.Larger(Vector256.Create(SmallestMagnitude), magnitudes) / Vector256.Create(LargestInput);

    /// <summary>A token's hidden states in whole pairs.</summary>
    private static short* HiddenNumbers(ExpertsArguments* call, int token) => (short*)call->QuantizedHidden + ((nint)token * (2 * HiddenPairs));
}
