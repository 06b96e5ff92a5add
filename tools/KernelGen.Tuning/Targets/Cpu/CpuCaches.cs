using System.Globalization;
using System.Runtime.Intrinsics;

namespace KernelGen.Tuning;

/// <summary>What a processor has that decides which tiles suit it.</summary>
/// <param name="FirstLevelBytes">Data cache of a core.</param>
/// <param name="SecondLevelBytes">Second-level cache of a core.</param>
/// <param name="LastLevelBytes">The largest cache.</param>
/// <param name="VectorBits">Bits of the widest vectors that run in hardware.</param>
public sealed record CpuCaches(int FirstLevelBytes, int SecondLevelBytes, long LastLevelBytes, int VectorBits)
{
    /// <summary>This machine's: as Linux tells, else what most processors have at least.</summary>
    public static CpuCaches Current { get; } = new(
        (int)(Size(level: 1) ?? 32 << 10),
        (int)(Size(level: 2) ?? 512 << 10),
        Size(level: 3) ?? Size(level: 2) ?? 8 << 20,
        Vector512.IsHardwareAccelerated ? 512 : Vector256.IsHardwareAccelerated ? 256 : 128);

    /// <summary>Vector registers: AVX-512 and Arm have 32.</summary>
    public int Registers => VectorBits == 256 ? 16 : 32;

    private static long? Size(int level)
    {
        for (var index = 0; index < 8; index++)
        {
            var folder = string.Create(CultureInfo.InvariantCulture, $"/sys/devices/system/cpu/cpu0/cache/index{index}");
            try
            {
                if (!Directory.Exists(folder)) return null;
                if (Text(folder, "level") != level.ToString(CultureInfo.InvariantCulture) || Text(folder, "type") == "Instruction") continue;
                var size = Text(folder, "size");
                var unit = size.EndsWith('K') ? 1 << 10 : size.EndsWith('M') ? 1 << 20 : 1;
                return long.TryParse(size.TrimEnd('K', 'M'), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number * unit : null;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                return null;
            }
        }

        return null;
    }

    private static string Text(string folder, string file) => File.ReadAllText(Path.Combine(folder, file)).Trim();
}
