using KernelGen.Benchmarking;
using KernelGen.Tuning;

namespace KernelGen.Tool.Tune;

/// <summary>A device that variants can be tuned for.</summary>
internal interface ITunedDevice : IDisposable
{
    /// <summary>The device as file names have it.</summary>
    string FileName { get; }

    /// <summary>What it is, for a person.</summary>
    string Description { get; }

    /// <summary>Whether its files are those of a CPU.</summary>
    bool IsCpu { get; }

    /// <summary>The search space that it has unless told otherwise.</summary>
    string Space { get; }

    /// <summary>Puts experts on it.</summary>
    /// <exception cref="TuningException">It has no kernels for them, or no room.</exception>
    ITuningTarget Target(TunedModel model, ExpertRouting routing, int maxTokens, MachineLimits limits);
}
