namespace KernelGen.Ilgpu;

/// <summary>Memory for slots sorted by expert and padded.</summary>
internal static class AlignedSlotsSize
{
    /// <summary>Maximum number of blocks that the slots can fill: each expert with a slot has at most one block that is not full.</summary>
    public static int MaxBlocks(int slots, int experts, int blockM) => (int)((slots + ((long)Math.Min(slots, experts) * (blockM - 1))) / blockM);

    /// <summary>Size in bytes.</summary>
    public static long Bytes(int slots, int blocks, int blockM) =>
        DeviceWorkspace.SizeOf<int>((long)blocks * blockM) + DeviceWorkspace.SizeOf<int>(blocks) + DeviceWorkspace.SizeOf<int>(1) + DeviceWorkspace.SizeOf<float>(slots);

    /// <summary>Allocates the arrays from a workspace.</summary>
    public static AlignedSlots Take(DeviceWorkspace workspace, int slots, int blocks, int blockM) =>
        new(workspace.Take<int>((long)blocks * blockM), workspace.Take<int>(blocks), workspace.Take<int>(1), workspace.Take<float>(slots));
}
