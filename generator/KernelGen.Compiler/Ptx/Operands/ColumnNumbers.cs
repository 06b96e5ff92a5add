namespace KernelGen.Compiler.Ptx;

/// <summary>Numbers of the columns that a thread stores at once, such as their scales.</summary>
internal static class ColumnNumbers
{
    /// <summary>Loads them, at most four at once.</summary>
    public static void WriteLoads(PtxWriter writer, string space, F32[] numbers, string address, long offset)
    {
        for (var start = 0; start < numbers.Length; start += 4)
        {
            F32[] loaded = [.. numbers.Skip(start).Take(4)];
            writer.Code($"ld.{space}{Vector.Width(loaded.Length)}.f32 {Vector.Of(loaded)}, [{address}+{offset + (start * 4)}];");
        }
    }
}
