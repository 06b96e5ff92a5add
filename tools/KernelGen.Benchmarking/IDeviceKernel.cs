namespace KernelGen.Benchmarking;

/// <summary>A device kernel behind the CPU's delegate.</summary>
/// <typeparam name="TKernel">The CPU's delegate.</typeparam>
public interface IDeviceKernel<TKernel> : IDisposable
    where TKernel : Delegate
{
    /// <summary>Copies its arguments to the device, runs there, and copies the results back.</summary>
    TKernel Kernel { get; }

    /// <summary>Allowed error of a result due to the device's rounding of inputs, relative to the largest.</summary>
    double Rounding { get; }

    /// <summary>Times calls whose arguments are already in device memory.</summary>
    /// <param name="call">Calls the given kernel on the input with the given index: 0, 1, 2, …</param>
    /// <param name="budget">Time after the warm-up.</param>
    /// <param name="cancellation">Checked between calls.</param>
    /// <exception cref="OperationCanceledException"><paramref name="cancellation"/> was cancelled.</exception>
    Timing Time(Action<TKernel, int> call, TimeSpan budget, CancellationToken cancellation);
}
