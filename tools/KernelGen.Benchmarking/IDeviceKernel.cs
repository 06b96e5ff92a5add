namespace KernelGen.Benchmarking;

/// <summary>A kernel of a device, called like the CPU's.</summary>
/// <typeparam name="TKernel">The CPU's delegate.</typeparam>
public interface IDeviceKernel<TKernel> : IDisposable
    where TKernel : Delegate
{
    /// <summary>Copies its arguments to the device, runs there, and copies the results back.</summary>
    TKernel Kernel { get; }

    /// <summary>How far the device's own rounding of inputs may carry a result, as a share of the largest.</summary>
    double Rounding { get; }

    /// <summary>Times calls whose arguments lie in the device's memory already.</summary>
    /// <param name="call">Calls a kernel, given here, on the input of the given number: 0, 1, 2, …</param>
    /// <param name="budget">Time after the warm-up.</param>
    /// <param name="cancellation">Looked at between calls.</param>
    /// <exception cref="OperationCanceledException"><paramref name="cancellation"/> was cancelled.</exception>
    Timing Time(Action<TKernel, int> call, TimeSpan budget, CancellationToken cancellation);
}
