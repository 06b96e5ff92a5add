using KernelGen.Benchmarking;
using KernelGen.Compiler.Families;
using KernelGen.OnDemand;

namespace KernelGen.Tool;

/// <summary>The CPU, whose kernels read their arguments in place.</summary>
internal sealed class CpuDevice : IKernelDevice
{
    /// <inheritdoc/>
    public DeviceName Name => DeviceName.Cpu;

    /// <inheritdoc/>
    public string Description => MachineInfo.Current.Cpu;

    /// <inheritdoc/>
    public string VariantName(IKernelSpec spec) => spec.VariantName;

    /// <inheritdoc/>
    public IDeviceKernels Compile(params IKernelSpec[] specs) => new Kernels(KernelAssembly.Compile(specs));

    /// <inheritdoc/>
    public void Dispose()
    {
    }

    private sealed class Kernels(KernelAssembly assembly) : IDeviceKernels
    {
        public IDeviceKernel<GateRoute<TLogit>> Route<TLogit>()
            where TLogit : unmanaged => new InPlace<GateRoute<TLogit>>(assembly.RouteOf<TLogit>());

        public IDeviceKernel<ExpertsForward<T>> Forward<T>()
            where T : unmanaged => new InPlace<ExpertsForward<T>>(assembly.Forward<T>());

        public IDeviceKernel<OmniRoute> OmniRoute() => new InPlace<OmniRoute>(assembly.OmniRoute);

        public IDeviceKernel<OmniRouteBackward> OmniRouteBackward() => new InPlace<OmniRouteBackward>(assembly.OmniRouteBackward);
    }

    private sealed class InPlace<TKernel>(TKernel kernel) : IDeviceKernel<TKernel>
        where TKernel : Delegate
    {
        public TKernel Kernel => kernel;

        public double Rounding => 0;

        public Timing Time(Action<TKernel, int> call, TimeSpan budget, CancellationToken cancellation) =>
            Timing.SideBySide([number => call(kernel, number)], budget, cancellation)[0];

        public void Dispose()
        {
        }
    }
}
