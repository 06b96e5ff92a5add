namespace KernelGen.Tool;

/// <summary>The command line or a file is at fault. The message is the line that the user sees.</summary>
internal sealed class UsageException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>Ctrl-C, where there is something to say about it. The message is the line that the user sees.</summary>
internal sealed class CancelledException(string message) : OperationCanceledException(message);

/// <summary>A result is not what it should be. The message is the line that the user sees.</summary>
internal sealed class CheckFailedException(string message) : Exception(message);
