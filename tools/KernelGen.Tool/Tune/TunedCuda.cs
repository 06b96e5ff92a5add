using ILGPU.Runtime.Cuda;
using KernelGen.Benchmarking;
using KernelGen.Compiler.Tuning;
using KernelGen.Tuning;

namespace KernelGen.Tool.Tune;

/// <summary>A CUDA device with tensor cores.</summary>
internal sealed class TunedCuda : ITunedDevice
{
    private readonly IlgpuDevice _device;

    /// <summary>Takes ownership of an open device.</summary>
    /// <exception cref="UsageException">The device lacks the tensor cores that the kernels need.</exception>
    public TunedCuda(IlgpuDevice device)
    {
        _device = device;
        if (Accelerator.Architecture >= CudaArchitecture.SM_80) return;
        device.Dispose();
        throw new UsageException($"--device {device.Name} has compute capability {Accelerator.Architecture}; tensor-core kernels need 8.0");
    }

    public string FileName => TuningFileName.DeviceNameOf(Accelerator.Name);

    public string Description => _device.Description;

    public bool IsCpu => false;

    public string Space => NamedSpaces.Cuda;

    private CudaAccelerator Accelerator => (CudaAccelerator)_device.Stream.Accelerator;

    public ITuningTarget Target(TunedModel model, ExpertRouting routing, int maxTokens, MachineLimits limits) => new CudaTarget(model, routing, maxTokens, _device.Stream);

    public void Dispose() => _device.Dispose();
}
