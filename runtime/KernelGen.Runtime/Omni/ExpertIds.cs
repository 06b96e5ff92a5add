namespace KernelGen.Cpu;

/// <summary>Validates the caller's expert ids before they are used as indices.</summary>
internal static unsafe class ExpertIds
{
    /// <summary>Requires that every id is within 0 … <paramref name="experts"/> − 1.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An id is out of range; the message names it.</exception>
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
