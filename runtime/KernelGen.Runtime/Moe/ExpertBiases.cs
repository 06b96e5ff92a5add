namespace KernelGen;

/// <summary>
/// The fp32 biases of all experts of a layer: those of the first GEMM, added before the activation, and
/// those of the second, added before the router weight. The constructor copies them.
/// </summary>
public sealed unsafe class ExpertBiases
{
    private readonly float[] _gateUp;
    private readonly float[] _down;

    /// <summary>Copies biases.</summary>
    /// <param name="gateUp">[E, 2I], each expert's gate biases before its up biases; [E, I] without up projection.</param>
    /// <param name="down">[E, H].</param>
    /// <param name="experts">Number of experts E.</param>
    /// <param name="interleaved">Whether gate and up biases in <paramref name="gateUp"/> are interleaved, starting with a gate bias (gpt-oss).</param>
    /// <exception cref="ArgumentException">A length is not a multiple of E, or is odd although the biases are interleaved.</exception>
    public ExpertBiases(ReadOnlySpan<float> gateUp, ReadOnlySpan<float> down, int experts, bool interleaved = false)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(experts, 1);
        Experts = experts;
        GateUpWidth = Width(gateUp.Length, experts, nameof(gateUp), "[E, 2I] or [E, I]");
        DownWidth = Width(down.Length, experts, nameof(down), "[E, H]");
        if (interleaved && GateUpWidth % 2 != 0)
            throw new ArgumentException($"gateUp has {GateUpWidth} biases per expert; expected an even number of interleaved gate and up biases", nameof(gateUp));

        _gateUp = GC.AllocateUninitializedArray<float>(gateUp.Length, pinned: true);
        _down = GC.AllocateUninitializedArray<float>(down.Length, pinned: true);
        down.CopyTo(_down);
        if (!interleaved) gateUp.CopyTo(_gateUp);
        else
        {
            for (var i = 0; i < gateUp.Length; i++)
            {
                var (expert, column) = Math.DivRem(i, GateUpWidth);
                _gateUp[(expert * GateUpWidth) + (column % 2 * (GateUpWidth / 2)) + (column / 2)] = gateUp[i];
            }
        }
    }

    /// <summary>Number of experts E.</summary>
    public int Experts { get; }

    /// <summary>Number of biases of an expert's first GEMM: 2I, or I without up projection.</summary>
    public int GateUpWidth { get; }

    /// <summary>Number of biases of an expert's second GEMM: H.</summary>
    public int DownWidth { get; }

    // The arrays are pinned for their lifetime.
    internal float* GateUpAddress => (float*)System.Runtime.CompilerServices.Unsafe.AsPointer(ref _gateUp[0]);

    internal float* DownAddress => (float*)System.Runtime.CompilerServices.Unsafe.AsPointer(ref _down[0]);

    private static int Width(int length, int experts, string argument, string shape) => length > 0 && length % experts == 0
        ? length / experts
        : throw new ArgumentException($"{argument} holds {length} biases; expected {shape} with E = {experts}", argument);
}
