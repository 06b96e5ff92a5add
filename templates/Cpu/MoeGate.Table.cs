using System;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using KernelGen.Cpu;
using KernelGen.Numerics;

namespace KernelGen.Templates.Cpu;

/// <content>A table says each token's experts: nothing is selected.</content>
internal static unsafe partial class MoeGate<TLogit>
{
    /// <summary>Routes one token to the experts that its row of the table names.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    [SkipLocalsInit]
    private static void RouteByTable(GateArguments* call, int token)
    {
        float* logits = (float*)call->Logits + (token * call->LogitsStride);
        int* row = call->Table + (call->TokenIds[token] * call->TableStride);
        int* experts = call->Experts + (token * call->ExpertsStride);
        var chosen = stackalloc float[ChosenLanes];
        Vector256.Create(Lowest).Store(chosen + ChosenLanes - Lanes);
        var numbers = true;
        for (var rank = 0; rank < Routed; rank++)
        {
            var expert = row[rank];
            experts[rank] = expert;
            chosen[rank] = logits[expert];
            numbers &= logits[expert] > Lowest;
        }

        if (numbers) WriteWeights(call, token, chosen);
        else RouteAlone(call, token);
    }
}
