using KernelGen.Compiler.Tuning;

namespace KernelGen.Tuning;

/// <summary>A device with a rank's experts on it: what can run there, how long that should take, and how long it takes.</summary>
public interface ITuningTarget : IDisposable
{
    /// <summary>The device as file names have it.</summary>
    string DeviceName { get; }

    /// <summary>The keys that candidates have, in the order of files.</summary>
    IReadOnlyList<string> Keys { get; }

    /// <summary>The keys that the second product may have values of its own for.</summary>
    IReadOnlyList<string> DownKeys { get; }

    /// <summary>A candidate's numbers in a word.</summary>
    string NameOf(ExpertsCandidate candidate);

    /// <summary>What runs where no file says otherwise.</summary>
    ExpertsCandidate Heuristic(int tokens);

    /// <summary>What the heuristics say for other circumstances, worth a try everywhere.</summary>
    IEnumerable<ExpertsCandidate> Seeds(int tokens);

    /// <summary>What a file chooses for so many tokens, as the generator would; null where no kernel comes near.</summary>
    /// <param name="file">The file for both products, or for the first.</param>
    /// <param name="down">The file for the second product, if it has one.</param>
    /// <param name="tokens">T.</param>
    /// <exception cref="TuningFileException">A number of a file is not possible.</exception>
    ExpertsCandidate? OfFile(TuningFile file, TuningFile? down, int tokens);

    /// <summary>Why a candidate cannot run, or is another one in disguise, as far as its numbers tell; null if neither.</summary>
    string? Reject(ExpertsCandidate candidate);

    /// <summary>Microseconds that a candidate should take at least, by what the device can compute and move.</summary>
    double Estimate(ExpertsCandidate candidate, int tokens);

    /// <summary>Measures candidates on calls of so many tokens.</summary>
    ITrials<ExpertsCandidate> Trials(int tokens);
}
