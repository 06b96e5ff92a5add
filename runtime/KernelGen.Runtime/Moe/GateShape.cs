using System.ComponentModel;

namespace KernelGen.Cpu;

/// <summary>The configuration of a gate, as generated code passes it to the runtime.</summary>
/// <param name="Experts">Number of experts E.</param>
/// <param name="TopK">Number of experts per token, including shared experts.</param>
/// <param name="Scoring">How logits become scores.</param>
/// <param name="CorrectionBias">Whether a bias is added to the scores for selection.</param>
/// <param name="Groups">Number of equal groups of experts.</param>
/// <param name="TopKGroups">Number of groups that remain eligible.</param>
/// <param name="Renormalize">Whether the weights of a token are divided by their sum.</param>
/// <param name="SharedExperts">How many of the k experts are shared by all tokens.</param>
/// <param name="HashTable">Whether a table determines each token's experts.</param>
[EditorBrowsable(EditorBrowsableState.Never)]
public readonly record struct GateShape(
    int Experts,
    int TopK,
    GateScoring Scoring,
    bool CorrectionBias,
    int Groups,
    int TopKGroups,
    bool Renormalize,
    int SharedExperts = 0,
    bool HashTable = false);
