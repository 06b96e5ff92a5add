namespace KernelGen.Testing;

/// <summary>The experts of a MoE layer in double precision, one multiplication after the other.</summary>
public static class ReferenceMoe
{
    /// <summary>Output [T, H] = Σ over the slots of weight · down(activation(gate(x), up(x))); a slot with expert −1 adds nothing.</summary>
    /// <param name="hidden">[T, H].</param>
    /// <param name="gateUp">Element at expert, row of 2I, column of H.</param>
    /// <param name="down">Element at expert, row of H, column of I.</param>
    /// <param name="weights">[T, k].</param>
    /// <param name="experts">[T, k].</param>
    /// <param name="form">What the experts compute; without one, SwiGLU.</param>
    public static double[] Forward(
        float[] hidden, Func<int, int, int, double> gateUp, Func<int, int, int, double> down, float[] weights, int[] experts, int tokens, int topK, int hiddenSize, int intermediateSize, ExpertForm? form = null)
    {
        form ??= new ExpertForm();
        var gateUpWidth = form.IsGated ? 2 * intermediateSize : intermediateSize;
        var output = new double[(long)tokens * hiddenSize];
        var activation = new double[intermediateSize];
        for (var token = 0; token < tokens; token++)
        {
            for (var slot = token * topK; slot < (token + 1) * topK; slot++)
            {
                var expert = experts[slot];
                if (expert < 0) continue;
                var onInput = form.RouterWeightOnInput ? (double)weights[slot] : 1;
                for (var i = 0; i < intermediateSize; i++)
                {
                    double gate = form.GateUpBias?[(expert * gateUpWidth) + i] ?? 0, up = form.IsGated ? form.GateUpBias?[(expert * gateUpWidth) + intermediateSize + i] ?? 0 : 0;
                    for (var h = 0; h < hiddenSize; h++)
                    {
                        var x = onInput * hidden[(token * hiddenSize) + h];
                        gate += x * gateUp(expert, i, h);
                        if (form.IsGated) up += x * gateUp(expert, intermediateSize + i, h);
                    }

                    activation[i] = form.Activate(gate, up);
                }

                for (var h = 0; h < hiddenSize; h++)
                {
                    double sum = form.DownBias?[(expert * hiddenSize) + h] ?? 0;
                    for (var i = 0; i < intermediateSize; i++) sum += activation[i] * down(expert, h, i);
                    output[(token * hiddenSize) + h] += (form.RouterWeightOnInput ? 1 : weights[slot]) * sum;
                }
            }
        }

        return output;
    }
}
