using KernelGen.Benchmarking;
using KernelGen.Compiler.Families;

namespace KernelGen.Tool;

/// <summary>A device for which kernels can be compiled.</summary>
internal interface IKernelDevice : IDisposable
{
    /// <summary>Its name on the command line.</summary>
    DeviceName Name { get; }

    /// <summary>A human-readable description.</summary>
    string Description { get; }

    /// <summary>The canonical name of a spec's variant on this device.</summary>
    string VariantName(IKernelSpec spec);

    /// <summary>Compiles kernels for valid specs with distinct dispatch keys.</summary>
    IDeviceKernels Compile(params IKernelSpec[] specs);
}

/// <summary>Compiled kernels of a device, with one entry point per family and type.</summary>
internal interface IDeviceKernels
{
    /// <summary>Gates for one type of logits.</summary>
    IDeviceKernel<GateRoute<TLogit>> Route<TLogit>()
        where TLogit : unmanaged;

    /// <summary>Experts for one type of weights.</summary>
    IDeviceKernel<ExpertsForward<T>> Forward<T>()
        where T : unmanaged;

    /// <summary>Product-key routers.</summary>
    IDeviceKernel<OmniRoute> OmniRoute();

    /// <summary>The backward pass of product-key routers.</summary>
    IDeviceKernel<OmniRouteBackward> OmniRouteBackward();
}
