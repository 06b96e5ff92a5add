using KernelGen.Benchmarking;
using KernelGen.Tuning;

namespace KernelGen.Tool.Tune;

/// <summary>A device for which variants can be tuned.</summary>
internal interface ITunedDevice : IDisposable
{
    /// <summary>The device name as in file names.</summary>
    string FileName { get; }

    /// <summary>A human-readable description.</summary>
    string Description { get; }

    /// <summary>Whether its files are those of a CPU.</summary>
    bool IsCpu { get; }

    /// <summary>Its default search space.</summary>
    string Space { get; }

    /// <summary>Places experts on the device.</summary>
    /// <exception cref="TuningException">The device has no kernels for them, or not enough memory.</exception>
    ITuningTarget Target(TunedModel model, ExpertRouting routing, int maxTokens, MachineLimits limits);
}
