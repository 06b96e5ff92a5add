using KernelGen;
using KernelGen.Benchmarking;
using KernelGen.Cpu;
using Quickstart;

var table = new ResultTable();

// Layers of checkpoints, compared with Hugging Face transformers.
GoldenLayer.Run("mixtral-a", Mixtral.Route, Mixtral.Forward, Mixtral.Select, table);
GoldenLayer.Run("qwen3moe-a", Qwen3.Route, Qwen3.Forward, Qwen3.Select, table);
GoldenLayer.Run("deepseekv3-a", DeepSeek.Route, DeepSeek.Forward, DeepSeek.Select, table);

// Random layers, compared with a double-precision reference.
var kimi = new GateWorkload<float>(new GateShape(Experts: 384, TopK: 6, GateScoring.Sigmoid, CorrectionBias: true, Groups: 1, TopKGroups: 1, Renormalize: true), maxTokens: 4096);
foreach (var tokens in new[] { 1, 4096 })
{
    var timings = Timing.SideBySide([call => kimi.Run(Large.Route, tokens, call), call => kimi.Run(Unspecialized.Route, tokens, call)], ResultTable.Budget);
    table.Add(Large.Select(384, 6, correctionBias: true), tokens, timings, kimi.Verify(Large.Route, tokens), kimi.Bytes(tokens));
}

RunExperts<float>(Large.Forward, Unspecialized.Forward, DType.Float32);
RunExperts<BFloat16>(Large.Forward, Unspecialized.Forward, DType.BFloat16);

return table.Finish();

void RunExperts<T>(ExpertsForward<T> forward, ExpertsForward<T> unspecialized, DType weightType)
    where T : unmanaged
{
    using var layer = new ExpertsWorkload<T>(experts: 8, topK: 2, hiddenSize: 1024, intermediateSize: 1792, maxTokens: 512);
    foreach (var tokens in new[] { 1, 512 })
    {
        var timings = Timing.SideBySide([call => layer.Run(forward, tokens, call), call => layer.Run(unspecialized, tokens, call)], ResultTable.Budget);
        var variant = Large.Select(8, 2, 1024, 1792, weightType, tokens);
        table.Add(variant, tokens, timings, layer.Verify(forward, tokens), layer.WeightBytes(tokens), layer.Operations(tokens));
    }
}
