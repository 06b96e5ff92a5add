using System.Runtime.InteropServices;

namespace KernelGen.Tests;

/// <summary>
/// Runs the PTX of grouped GEMMs without a GPU: one cluster of groups after the other. Knows what those kernels use, and is strict: what a device may
/// or may not have done yet is an error to rely on.
/// </summary>
internal sealed class PtxMachine(string text, int seed)
{
    private readonly PtxProgram _program = new(text);
    private readonly PtxGlobalMemory _memory = new();
    private readonly List<PtxTensorMap> _maps = [];
    private readonly Random _random = new(seed);

    /// <summary>Puts an array into the device's memory, at a multiple of 16 bytes.</summary>
    /// <param name="values">What it holds.</param>
    /// <param name="isOfKernelBefore">Whether it is there only when the kernel before has ended.</param>
    public ulong Allocate<T>(T[] values, bool isOfKernelBefore = false)
        where T : unmanaged =>
        _memory.Allocate(MemoryMarshal.AsBytes(values.AsSpan()).ToArray(), isOfKernelBefore);

    /// <summary>An argument that describes a tensor.</summary>
    public ulong Describe(PtxTensorMap map)
    {
        _maps.Add(map);
        return (ulong)_maps.Count - 1;
    }

    /// <summary>Reads an array back.</summary>
    public T[] Read<T>(ulong address, int length)
        where T : unmanaged =>
        MemoryMarshal.Cast<byte, T>(_memory.From(address))[..length].ToArray();

    /// <summary>Launches a grid.</summary>
    public void Launch(int groups, int slices, int sharedBytes, params ulong[] arguments)
    {
        Assert.Equal(_program.Parameters.Length, arguments.Length);
        Assert.Equal(0, groups % _program.Cluster);
        for (var slice = 0; slice < slices; slice++)
        {
            for (var group = 0; group < groups; group += _program.Cluster) new PtxCluster(_program, _memory, _maps, new(groups, sharedBytes, arguments), group, slice, _random).Run();
        }
    }
}
