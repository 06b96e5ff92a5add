using System;
using KernelGen.Cpu;

namespace KernelGen.Templates.Cpu;

/// <content>The gradients of the logits: each chosen expert's goes to its key on either axis, in the order of the ranks.</content>
internal static unsafe partial class OmniRouter
{
    /// <summary>Writes the gradients of the tokens of a call.</summary>
    internal static void RunBackward(in OmniRouterGradients gradients)
    {
        var scores = gradients.Scores;
        var indices = gradients.Indices;
        var x = gradients.X;
        var y = gradients.Y;
        for (var token = 0; token < gradients.Tokens; token++)
        {
            new Span<float>(x, ExpertsPerAxis).Clear();
            new Span<float>(y, ExpertsPerAxis).Clear();
            for (nint rank = 0; rank < TopK; rank++)
            {
                var id = (uint)indices[rank];
                x[id / ExpertsPerAxis] += scores[rank];
                y[id % ExpertsPerAxis] += scores[rank];
            }

            scores += gradients.ScoresStride;
            indices += gradients.IndicesStride;
            x += gradients.XStride;
            y += gradients.YStride;
        }
    }
}
