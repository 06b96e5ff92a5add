namespace KernelGen.Compiler.Tuning;

/// <summary>Which weights share a scale, as a file name says it: blocks of a matrix, or groups of a row, which are <c>[0, g]</c>.</summary>
/// <param name="Rows">Rows of a block; 0 for groups of one row.</param>
/// <param name="Columns">Columns of a block or group.</param>
public readonly record struct BlockShape(int Rows, int Columns);
