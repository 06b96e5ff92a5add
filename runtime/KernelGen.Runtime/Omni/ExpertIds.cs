namespace KernelGen.Cpu;

/// <summary>Checks ids that a caller gives before they become addresses.</summary>
internal static unsafe class ExpertIds
{
    /// <summary>Requires that every id is one of 0 … <paramref name="experts"/> − 1.</summary>
    /// <exception cref="ArgumentOutOfRangeException">One is not; the message says which.</exception>
    public static void Require(int* ids, nint stride, int tokens, int topK, int experts, string argument)
    {
        for (nint token = 0; token < tokens; token++)
        {
            for (nint rank = 0; rank < topK; rank++)
            {
                var id = ids[(token * stride) + rank];
                if ((uint)id >= (uint)experts)
                    throw new ArgumentOutOfRangeException(argument, id, $"{argument}[{token}, {rank}] is {id}; expected 0 to {experts - 1}");
            }
        }
    }
}
