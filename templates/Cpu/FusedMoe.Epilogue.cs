using System;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using KernelGen.Cpu;
using KernelGen.Numerics;

namespace KernelGen.Templates.Cpu;

/// <content>
/// What follows a product. First product: router weight if it multiplies the input (a product is linear: it may come after),
/// biases, activation. Second product: bias, router weight.
/// </content>
internal static unsafe partial class FusedMoe<TWeight>
{
    /// <summary>Whether there is an up projection beside the gate projection.</summary>
    private const bool Gated = Activation != MoeActivation.Silu && Activation != MoeActivation.Gelu && Activation != MoeActivation.Relu2;

    private const int Projections = Gated ? 2 : 1;
    private const int GateUpWidth = Projections * IntermediateSize;

    /// <summary>The activation of a vector of gate sums and, if there is an up projection, a vector of up sums.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Activate(Vector256<float> gate, Vector256<float> up)
    {
        switch (Activation)
        {
            case MoeActivation.SiluAndMul:
                return gate / (Vector256<float>.One + Simd.Exp(-gate)) * up;
            case MoeActivation.GeluAndMul:
                return Simd.Gelu(gate) * up;
            case MoeActivation.GeluTanhAndMul:
                return Simd.GeluTanh(gate) * up;
            case MoeActivation.SwigluOai:
                var limited = Simd.Smaller(Vector256.Create(7f), gate);
                return limited / (Vector256<float>.One + Simd.Exp(limited * Vector256.Create(-1.702f))) * (Clamp(up, 7f) + Vector256<float>.One);
            case MoeActivation.SwigluClamp:
                var clamped = Simd.Smaller(Vector256.Create(ActivationLimit), gate);
                return clamped / (Vector256<float>.One + Simd.Exp(-clamped)) * Clamp(up, ActivationLimit);
            case MoeActivation.Silu:
                return gate / (Vector256<float>.One + Simd.Exp(-gate));
            case MoeActivation.Gelu:
                return Simd.Gelu(gate);
            case MoeActivation.Relu2:
                var positive = Simd.Larger(Vector256<float>.Zero, gate);
                return positive * positive;
            default:
                throw new NotSupportedException();
        }
    }

    /// <summary>NaN stays NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Clamp(Vector256<float> value, float limit) =>
        Simd.Smaller(Vector256.Create(limit), Simd.Larger(Vector256.Create(-limit), value));

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void ActivateRow(float* gates, float* ups, float* target, int count)
    {
        var i = 0;
        for (; i <= count - Lanes; i += Lanes)
            Activate(Vector256.Load(gates + i), Gated ? Vector256.Load(ups + i) : Vector256<float>.Zero).Store(target + i);
        for (; i < count; i++)
            target[i] = Activate(Vector256.Create(gates[i]), Gated ? Vector256.Create(ups[i]) : Vector256<float>.Zero).ToScalar();
    }

    /// <summary>The first product's sums of one token: times its router weight, plus the biases, where there are such.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void FinishRow(float* sums, float routerWeight, float* bias, int count)
    {
        var i = 0;
        for (; i <= count - Lanes; i += Lanes)
        {
            var sum = Vector256.Load(sums + i);
            if (RouterWeightOnInput) sum *= Vector256.Create(routerWeight);
            if (Bias) sum += Vector256.Load(bias + i);
            sum.Store(sums + i);
        }

        for (; i < count; i++)
        {
            if (RouterWeightOnInput) sums[i] *= routerWeight;
            if (Bias) sums[i] += bias[i];
        }
    }

    /// <summary>A panel's sums [rows, width] times the router weight of each column, a token; columns without a token become zeros.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void ScaleTokens(ExpertsArguments* call, SlotBlock panel, float* sums, int rows)
    {
        var weights = stackalloc float[PanelTokens];
        for (var t = 0; t < panel.Width; t++) weights[t] = t < panel.Tokens ? RouterWeight(call, call->Plan.Slots[panel.FirstSlot + t]) : 0f;
        for (var r = 0; r < rows; r++)
        {
            for (var t = 0; t < panel.Width; t += Lanes) (Vector256.Load(sums + t) * Vector256.Load(weights + t)).Store(sums + t);
            sums += panel.Width;
        }
    }

    /// <summary>sums [rows, width] plus the bias of each row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddToRows(float* sums, int rows, int width, float* bias)
    {
        for (var r = 0; r < rows; r++)
        {
            var addend = Vector256.Create(bias[r]);
            for (var t = 0; t < width; t += Lanes) (Vector256.Load(sums + t) + addend).Store(sums + t);
            sums += width;
        }
    }

    private static float RouterWeight(ExpertsArguments* call, int slot) => call->Weights[(slot / TopK * call->WeightsStride) + (slot % TopK)];

    /// <summary>An expert's biases of the first product: [I] of the gate rows, then [I] of the up rows.</summary>
    private static float* GateUpBias(ExpertsArguments* call, int expert) => call->GateUpBias + ((nint)expert * GateUpWidth);

    /// <summary>An expert's biases of the second product, [H].</summary>
    private static float* DownBias(ExpertsArguments* call, int expert) => call->DownBias + ((nint)expert * HiddenSize);
}
