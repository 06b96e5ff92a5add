namespace KernelGen.Tool;

/// <summary>Invalid command line or input file. The message is the line that the user sees.</summary>
internal sealed class UsageException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>Ctrl-C with a specific message, which is the line that the user sees.</summary>
internal sealed class CancelledException(string message) : OperationCanceledException(message);

/// <summary>A check failed. The message is the line that the user sees.</summary>
internal sealed class CheckFailedException(string message) : Exception(message);
