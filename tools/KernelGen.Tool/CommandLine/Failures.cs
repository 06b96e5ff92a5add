namespace KernelGen.Tool;

/// <summary>The command line or a file is at fault. The message is the line that the user sees.</summary>
internal sealed class UsageException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>A result is not what it should be. The message is the line that the user sees.</summary>
internal sealed class CheckFailedException(string message) : Exception(message);
