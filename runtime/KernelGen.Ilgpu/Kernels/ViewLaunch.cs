using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

namespace KernelGen.Ilgpu;

/// <summary>Launches kernels that take views and then a structure of sizes: straight through the driver on CUDA, through ILGPU elsewhere.</summary>
internal static class ViewLaunch
{
    /// <summary>Launches a kernel of 2 views.</summary>
    public static void Launch<T1, T2, TSizes>(
        this DeviceKernel<Action<AcceleratorStream, KernelConfig, ArrayView<T1>, ArrayView<T2>, TSizes>> kernel,
        AcceleratorStream stream, KernelConfig config, in ArrayView<T1> view1, in ArrayView<T2> view2, in TSizes sizes)
        where T1 : unmanaged where T2 : unmanaged where TSizes : unmanaged
    {
        var loaded = kernel.On(stream.Accelerator);
        if (stream is not CudaStream cuda)
        {
            loaded.Launcher!(stream, config, view1, view2, sizes);
            return;
        }

        var arguments = default(CudaArguments);
        arguments.Add(view1);
        arguments.Add(view2);
        arguments.Launch(cuda, loaded.Cuda!, kernel.Name, config, sizes);
    }

    /// <summary>Launches a kernel of 3 views.</summary>
    public static void Launch<T1, T2, T3, TSizes>(
        this DeviceKernel<Action<AcceleratorStream, KernelConfig, ArrayView<T1>, ArrayView<T2>, ArrayView<T3>, TSizes>> kernel,
        AcceleratorStream stream, KernelConfig config, in ArrayView<T1> view1, in ArrayView<T2> view2, in ArrayView<T3> view3, in TSizes sizes)
        where T1 : unmanaged where T2 : unmanaged where T3 : unmanaged where TSizes : unmanaged
    {
        var loaded = kernel.On(stream.Accelerator);
        if (stream is not CudaStream cuda)
        {
            loaded.Launcher!(stream, config, view1, view2, view3, sizes);
            return;
        }

        var arguments = default(CudaArguments);
        arguments.Add(view1);
        arguments.Add(view2);
        arguments.Add(view3);
        arguments.Launch(cuda, loaded.Cuda!, kernel.Name, config, sizes);
    }

    /// <summary>Launches a kernel of 4 views.</summary>
    public static void Launch<T1, T2, T3, T4, TSizes>(
        this DeviceKernel<Action<AcceleratorStream, KernelConfig, ArrayView<T1>, ArrayView<T2>, ArrayView<T3>, ArrayView<T4>, TSizes>> kernel,
        AcceleratorStream stream, KernelConfig config, in ArrayView<T1> view1, in ArrayView<T2> view2, in ArrayView<T3> view3, in ArrayView<T4> view4, in TSizes sizes)
        where T1 : unmanaged where T2 : unmanaged where T3 : unmanaged where T4 : unmanaged where TSizes : unmanaged
    {
        var loaded = kernel.On(stream.Accelerator);
        if (stream is not CudaStream cuda)
        {
            loaded.Launcher!(stream, config, view1, view2, view3, view4, sizes);
            return;
        }

        var arguments = default(CudaArguments);
        arguments.Add(view1);
        arguments.Add(view2);
        arguments.Add(view3);
        arguments.Add(view4);
        arguments.Launch(cuda, loaded.Cuda!, kernel.Name, config, sizes);
    }

    /// <summary>Launches a kernel of 5 views.</summary>
    public static void Launch<T1, T2, T3, T4, T5, TSizes>(
        this DeviceKernel<Action<AcceleratorStream, KernelConfig, ArrayView<T1>, ArrayView<T2>, ArrayView<T3>, ArrayView<T4>, ArrayView<T5>, TSizes>> kernel,
        AcceleratorStream stream, KernelConfig config, in ArrayView<T1> view1, in ArrayView<T2> view2, in ArrayView<T3> view3, in ArrayView<T4> view4, in ArrayView<T5> view5, in TSizes sizes)
        where T1 : unmanaged where T2 : unmanaged where T3 : unmanaged where T4 : unmanaged where T5 : unmanaged where TSizes : unmanaged
    {
        var loaded = kernel.On(stream.Accelerator);
        if (stream is not CudaStream cuda)
        {
            loaded.Launcher!(stream, config, view1, view2, view3, view4, view5, sizes);
            return;
        }

        var arguments = default(CudaArguments);
        arguments.Add(view1);
        arguments.Add(view2);
        arguments.Add(view3);
        arguments.Add(view4);
        arguments.Add(view5);
        arguments.Launch(cuda, loaded.Cuda!, kernel.Name, config, sizes);
    }

    /// <summary>Launches a kernel of 6 views.</summary>
    public static void Launch<T1, T2, T3, T4, T5, T6, TSizes>(
        this DeviceKernel<Action<AcceleratorStream, KernelConfig, ArrayView<T1>, ArrayView<T2>, ArrayView<T3>, ArrayView<T4>, ArrayView<T5>, ArrayView<T6>, TSizes>> kernel,
        AcceleratorStream stream, KernelConfig config, in ArrayView<T1> view1, in ArrayView<T2> view2, in ArrayView<T3> view3, in ArrayView<T4> view4, in ArrayView<T5> view5, in ArrayView<T6> view6, in TSizes sizes)
        where T1 : unmanaged where T2 : unmanaged where T3 : unmanaged where T4 : unmanaged where T5 : unmanaged where T6 : unmanaged where TSizes : unmanaged
    {
        var loaded = kernel.On(stream.Accelerator);
        if (stream is not CudaStream cuda)
        {
            loaded.Launcher!(stream, config, view1, view2, view3, view4, view5, view6, sizes);
            return;
        }

        var arguments = default(CudaArguments);
        arguments.Add(view1);
        arguments.Add(view2);
        arguments.Add(view3);
        arguments.Add(view4);
        arguments.Add(view5);
        arguments.Add(view6);
        arguments.Launch(cuda, loaded.Cuda!, kernel.Name, config, sizes);
    }

    /// <summary>Launches a kernel of 7 views.</summary>
    public static void Launch<T1, T2, T3, T4, T5, T6, T7, TSizes>(
        this DeviceKernel<Action<AcceleratorStream, KernelConfig, ArrayView<T1>, ArrayView<T2>, ArrayView<T3>, ArrayView<T4>, ArrayView<T5>, ArrayView<T6>, ArrayView<T7>, TSizes>> kernel,
        AcceleratorStream stream, KernelConfig config, in ArrayView<T1> view1, in ArrayView<T2> view2, in ArrayView<T3> view3, in ArrayView<T4> view4, in ArrayView<T5> view5, in ArrayView<T6> view6, in ArrayView<T7> view7, in TSizes sizes)
        where T1 : unmanaged where T2 : unmanaged where T3 : unmanaged where T4 : unmanaged where T5 : unmanaged where T6 : unmanaged where T7 : unmanaged where TSizes : unmanaged
    {
        var loaded = kernel.On(stream.Accelerator);
        if (stream is not CudaStream cuda)
        {
            loaded.Launcher!(stream, config, view1, view2, view3, view4, view5, view6, view7, sizes);
            return;
        }

        var arguments = default(CudaArguments);
        arguments.Add(view1);
        arguments.Add(view2);
        arguments.Add(view3);
        arguments.Add(view4);
        arguments.Add(view5);
        arguments.Add(view6);
        arguments.Add(view7);
        arguments.Launch(cuda, loaded.Cuda!, kernel.Name, config, sizes);
    }

    /// <summary>Launches a kernel of 8 views.</summary>
    public static void Launch<T1, T2, T3, T4, T5, T6, T7, T8, TSizes>(
        this DeviceKernel<Action<AcceleratorStream, KernelConfig, ArrayView<T1>, ArrayView<T2>, ArrayView<T3>, ArrayView<T4>, ArrayView<T5>, ArrayView<T6>, ArrayView<T7>, ArrayView<T8>, TSizes>> kernel,
        AcceleratorStream stream, KernelConfig config, in ArrayView<T1> view1, in ArrayView<T2> view2, in ArrayView<T3> view3, in ArrayView<T4> view4, in ArrayView<T5> view5, in ArrayView<T6> view6, in ArrayView<T7> view7, in ArrayView<T8> view8, in TSizes sizes)
        where T1 : unmanaged where T2 : unmanaged where T3 : unmanaged where T4 : unmanaged where T5 : unmanaged where T6 : unmanaged where T7 : unmanaged where T8 : unmanaged where TSizes : unmanaged
    {
        var loaded = kernel.On(stream.Accelerator);
        if (stream is not CudaStream cuda)
        {
            loaded.Launcher!(stream, config, view1, view2, view3, view4, view5, view6, view7, view8, sizes);
            return;
        }

        var arguments = default(CudaArguments);
        arguments.Add(view1);
        arguments.Add(view2);
        arguments.Add(view3);
        arguments.Add(view4);
        arguments.Add(view5);
        arguments.Add(view6);
        arguments.Add(view7);
        arguments.Add(view8);
        arguments.Launch(cuda, loaded.Cuda!, kernel.Name, config, sizes);
    }

    /// <summary>Launches a kernel of 9 views.</summary>
    public static void Launch<T1, T2, T3, T4, T5, T6, T7, T8, T9, TSizes>(
        this DeviceKernel<Action<AcceleratorStream, KernelConfig, ArrayView<T1>, ArrayView<T2>, ArrayView<T3>, ArrayView<T4>, ArrayView<T5>, ArrayView<T6>, ArrayView<T7>, ArrayView<T8>, ArrayView<T9>, TSizes>> kernel,
        AcceleratorStream stream, KernelConfig config, in ArrayView<T1> view1, in ArrayView<T2> view2, in ArrayView<T3> view3, in ArrayView<T4> view4, in ArrayView<T5> view5, in ArrayView<T6> view6, in ArrayView<T7> view7, in ArrayView<T8> view8, in ArrayView<T9> view9, in TSizes sizes)
        where T1 : unmanaged where T2 : unmanaged where T3 : unmanaged where T4 : unmanaged where T5 : unmanaged where T6 : unmanaged where T7 : unmanaged where T8 : unmanaged where T9 : unmanaged where TSizes : unmanaged
    {
        var loaded = kernel.On(stream.Accelerator);
        if (stream is not CudaStream cuda)
        {
            loaded.Launcher!(stream, config, view1, view2, view3, view4, view5, view6, view7, view8, view9, sizes);
            return;
        }

        var arguments = default(CudaArguments);
        arguments.Add(view1);
        arguments.Add(view2);
        arguments.Add(view3);
        arguments.Add(view4);
        arguments.Add(view5);
        arguments.Add(view6);
        arguments.Add(view7);
        arguments.Add(view8);
        arguments.Add(view9);
        arguments.Launch(cuda, loaded.Cuda!, kernel.Name, config, sizes);
    }

    /// <summary>Launches a kernel of 10 views.</summary>
    public static void Launch<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, TSizes>(
        this DeviceKernel<Action<AcceleratorStream, KernelConfig, ArrayView<T1>, ArrayView<T2>, ArrayView<T3>, ArrayView<T4>, ArrayView<T5>, ArrayView<T6>, ArrayView<T7>, ArrayView<T8>, ArrayView<T9>, ArrayView<T10>, TSizes>> kernel,
        AcceleratorStream stream, KernelConfig config, in ArrayView<T1> view1, in ArrayView<T2> view2, in ArrayView<T3> view3, in ArrayView<T4> view4, in ArrayView<T5> view5, in ArrayView<T6> view6, in ArrayView<T7> view7, in ArrayView<T8> view8, in ArrayView<T9> view9, in ArrayView<T10> view10, in TSizes sizes)
        where T1 : unmanaged where T2 : unmanaged where T3 : unmanaged where T4 : unmanaged where T5 : unmanaged where T6 : unmanaged where T7 : unmanaged where T8 : unmanaged where T9 : unmanaged where T10 : unmanaged where TSizes : unmanaged
    {
        var loaded = kernel.On(stream.Accelerator);
        if (stream is not CudaStream cuda)
        {
            loaded.Launcher!(stream, config, view1, view2, view3, view4, view5, view6, view7, view8, view9, view10, sizes);
            return;
        }

        var arguments = default(CudaArguments);
        arguments.Add(view1);
        arguments.Add(view2);
        arguments.Add(view3);
        arguments.Add(view4);
        arguments.Add(view5);
        arguments.Add(view6);
        arguments.Add(view7);
        arguments.Add(view8);
        arguments.Add(view9);
        arguments.Add(view10);
        arguments.Launch(cuda, loaded.Cuda!, kernel.Name, config, sizes);
    }

    private static void Launch<TSizes>(this ref CudaArguments arguments, CudaStream stream, CudaForms forms, string name, in KernelConfig config, in TSizes sizes)
        where TSizes : unmanaged
    {
        arguments.Add(sizes, sizeof(long));
        arguments.Launch(new CudaLaunch(forms.For(config), name, stream, config.GridDim, config.GroupDim));
    }
}
