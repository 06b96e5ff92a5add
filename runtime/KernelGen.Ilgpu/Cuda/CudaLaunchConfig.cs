using System.Runtime.InteropServices;

namespace KernelGen.Ilgpu;

/// <summary>CUDA's <c>CUlaunchConfig</c>: a launch with attributes.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct CudaLaunchConfig
{
    public uint GridX;
    public uint GridY;
    public uint GridZ;
    public uint GroupX;
    public uint GroupY;
    public uint GroupZ;
    public uint SharedBytes;
    public nint Stream;
    public CudaLaunchAttribute* Attributes;
    public uint AttributeCount;
}

/// <summary>CUDA's <c>CUlaunchAttribute</c>, whose value is a union of 64 bytes.</summary>
[StructLayout(LayoutKind.Explicit, Size = 72)]
internal struct CudaLaunchAttribute
{
    /// <summary>Programmatic dependent launch: the kernel may start before the preceding one has ended, and waits for its results itself.</summary>
    public const int ProgrammaticStreamSerialization = 6;

    [FieldOffset(0)]
    public int Name;

    [FieldOffset(8)]
    public int Value;
}
