using KernelGen.Compiler.Tuning;

namespace KernelGen.Tuning;

/// <summary>A device with a rank's experts: which candidates can run, and their estimated and measured times.</summary>
public interface ITuningTarget : IDisposable
{
    /// <summary>The device name as in file names.</summary>
    string DeviceName { get; }

    /// <summary>The keys of candidates, in file order.</summary>
    IReadOnlyList<string> Keys { get; }

    /// <summary>The keys that the second GEMM may set separately.</summary>
    IReadOnlyList<string> DownKeys { get; }

    /// <summary>A short name of a candidate.</summary>
    string NameOf(ExpertsCandidate candidate);

    /// <summary>The choice without a file.</summary>
    ExpertsCandidate Heuristic(int tokens);

    /// <summary>The heuristics' choices for other circumstances, which are worth trying everywhere.</summary>
    IEnumerable<ExpertsCandidate> Seeds(int tokens);

    /// <summary>The choice of a file for a token count, as the generator would make it; null if no kernel comes near.</summary>
    /// <param name="file">The file for both GEMMs, or for the first.</param>
    /// <param name="down">The file for the second GEMM, if any.</param>
    /// <param name="tokens">T.</param>
    /// <exception cref="TuningFileException">A number in a file is invalid.</exception>
    ExpertsCandidate? OfFile(TuningFile file, TuningFile? down, int tokens);

    /// <summary>Why a candidate cannot run or is equivalent to another one, as far as its numbers tell, or null.</summary>
    string? Reject(ExpertsCandidate candidate);

    /// <summary>A lower estimate of a candidate's time in microseconds, from the device's compute and memory limits.</summary>
    double Estimate(ExpertsCandidate candidate, int tokens);

    /// <summary>Measures candidates on calls with a token count.</summary>
    ITrials<ExpertsCandidate> Trials(int tokens);
}
