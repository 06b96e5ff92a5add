using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;
using KernelGen.Benchmarking;
using KernelGen.Compiler.Families;
using KernelGen.Ilgpu;
using KernelGen.OnDemand;

namespace KernelGen.Tool;

/// <summary>An ILGPU device with its own stream.</summary>
internal sealed class IlgpuDevice : IKernelDevice
{
    // Allowed error of an output due to bf16 GEMM inputs, relative to the largest output (docs/numerics.md).
    private const double TensorCoreRounding = 3e-2;

    private readonly Context _context;
    private readonly Accelerator _accelerator;
    private readonly AcceleratorStream _stream;

    /// <summary>Opens a device of a context and takes ownership of the context.</summary>
    public IlgpuDevice(DeviceName name, Context context, Device device)
    {
        (Name, _context) = (name, context);
        _accelerator = device.CreateAccelerator(context);
        _stream = _accelerator.CreateStream();
    }

    /// <summary>Its stream.</summary>
    public AcceleratorStream Stream => _stream;

    /// <inheritdoc/>
    public DeviceName Name { get; }

    /// <inheritdoc/>
    public string Description => _accelerator is CudaAccelerator cuda
        ? $"{cuda.Name}, {cuda.Architecture.ToString().ToLowerInvariant()}, CUDA {cuda.DriverVersion}, {cuda.NumMultiprocessors} SMs"
        : Name.Kind == DeviceKind.IlgpuCpu ? "ILGPU's CPU accelerator" : _accelerator.Name;

    /// <inheritdoc/>
    public string VariantName(IKernelSpec spec) => spec.Family.IlgpuVariantName(spec);

    /// <inheritdoc/>
    public IDeviceKernels Compile(params IKernelSpec[] specs)
    {
        var onTensorCores = _accelerator is CudaAccelerator cuda && cuda.Architecture >= CudaArchitecture.SM_80 && specs.Any(spec => spec.Family.Ilgpu(spec)!.PtxTexts.Count > 0);
        return new Kernels(_stream, KernelAssembly.CompileForIlgpu(specs), onTensorCores ? TensorCoreRounding : 0);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _stream.Dispose();
        _accelerator.Dispose();
        _context.Dispose();
    }

    private sealed class Kernels(AcceleratorStream stream, KernelAssembly assembly, double rounding) : IDeviceKernels
    {
        public IDeviceKernel<GateRoute<TLogit>> Route<TLogit>()
            where TLogit : unmanaged => new DeviceGate<TLogit>(stream, assembly.Entry<DeviceGateRoute<TLogit>>("Route"));

        public IDeviceKernel<ExpertsForward<T>> Forward<T>()
            where T : unmanaged => new DeviceExperts<T>(stream, assembly.Entry<DeviceExpertsForward<T>>("Forward")) { Rounding = rounding };

        public IDeviceKernel<OmniRoute> OmniRoute() => new DeviceOmniRouter(stream, assembly.Entry<DeviceOmniRoute>("Route"));

        public IDeviceKernel<OmniRouteBackward> OmniRouteBackward() => new DeviceOmniRouterBackward(stream, assembly.Entry<DeviceOmniRouteBackward>("RouteBackward"));
    }
}
