namespace KernelGen.Tuning;

/// <summary>A model, search space, file or machine cannot be tuned. The message is one line that names it.</summary>
public sealed class TuningException(string message, Exception? inner = null) : IOException(message, inner);

/// <summary>A kernel's result differs from the reference. The message is one line that states which and how.</summary>
public sealed class WrongResultException(string message) : Exception(message);
