using KernelGen.Benchmarking;
using KernelGen.Compiler.Families;

namespace KernelGen.Tool;

/// <summary>A device that kernels can be made for.</summary>
internal interface IKernelDevice : IDisposable
{
    /// <summary>Its name on the command line.</summary>
    DeviceName Name { get; }

    /// <summary>What it is, for a person.</summary>
    string Description { get; }

    /// <summary>The canonical name of a spec's variant for this device.</summary>
    string VariantName(IKernelSpec spec);

    /// <summary>Makes kernels for valid specs whose dispatch keys differ.</summary>
    IDeviceKernels Compile(params IKernelSpec[] specs);
}

/// <summary>Kernels of a device, one entry point for each family and type.</summary>
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
