using System.Runtime.CompilerServices;
using KernelGen.Ilgpu;

namespace KernelGen.Templates.Ilgpu;

/// <content>The activations.</content>
internal static partial class FusedMoe<TWeight, TSum>
{
    /// <summary>The activation of a gate sum and, if there is an up projection, an up sum. NaN stays NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Activate(float gate, float up)
    {
        if (Activation == MoeActivation.SwigluOai || Activation == MoeActivation.SwigluClamp)
        {
            const float Limit = Activation == MoeActivation.SwigluOai ? 7f : ActivationLimit;
            gate = gate > Limit ? Limit : gate;
            up = up > Limit ? Limit : up < -Limit ? -Limit : up;
        }

        switch (Activation)
        {
            case MoeActivation.SwigluOai:
                return gate * DeviceMath.Sigmoid(1.702f * gate) * (up + 1f);
            case MoeActivation.GeluAndMul:
                return DeviceMath.Gelu(gate) * up;

            // ½ (1 + tanh y) = σ(2y) with y = √(2/π) · (g + 0.044715 g³).
            case MoeActivation.GeluTanhAndMul:
                return gate * DeviceMath.Sigmoid(1.59576912f * (gate + (0.044715f * gate * gate * gate))) * up;
            case MoeActivation.Silu:
                return gate * DeviceMath.Sigmoid(gate);
            case MoeActivation.Gelu:
                return DeviceMath.Gelu(gate);
            case MoeActivation.Relu2:
                var positive = gate < 0f ? 0f : gate;
                return positive * positive;
            default:
                return gate * DeviceMath.Sigmoid(gate) * up;
        }
    }
}
