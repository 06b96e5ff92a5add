namespace KernelGen.Tuning;

/// <summary>A model, a search space, a file or a machine that nothing can be tuned for. The message is one line that names it.</summary>
public sealed class TuningException(string message, Exception? inner = null) : IOException(message, inner);
