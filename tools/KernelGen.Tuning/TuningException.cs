namespace KernelGen.Tuning;

/// <summary>A model, a search space, a file or a machine that nothing can be tuned for. The message is one line that names it.</summary>
public sealed class TuningException(string message, Exception? inner = null) : IOException(message, inner);

/// <summary>Kernels compute something else than the reference. The message is one line that says which and what.</summary>
public sealed class WrongResultException(string message) : Exception(message);
