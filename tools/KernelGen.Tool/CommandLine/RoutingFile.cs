using KernelGen.Benchmarking;
using KernelGen.HuggingFace;

namespace KernelGen.Tool;

/// <summary>The routing of a layer's tokens, written by <c>run --record</c> and read by <c>tune --topk-ids</c>.</summary>
internal static class RoutingFile
{
    private const string Ids = "topk_ids";
    private const string Weights = "topk_weights";

    /// <summary>Writes ids, I32 [T, k], and router weights, F32 [T, k].</summary>
    public static void Write(string path, ExpertRouting routing)
    {
        long[] shape = [routing.Tokens, routing.TopK];
        using var writer = new SafetensorsWriter(
            path, [new SafetensorsTensorInfo(Ids, SafetensorsDType.Int32, shape), new SafetensorsTensorInfo(Weights, SafetensorsDType.Float32, shape)]);
        writer.Write<int>(Ids, routing.Ids);
        writer.Write<float>(Weights, routing.Weights);
        writer.Commit();
    }

    /// <summary>Reads a routing; if the file has no weights, all are equal.</summary>
    /// <param name="path">The file.</param>
    /// <param name="experts">Number of experts that the router selects among.</param>
    /// <param name="topK">Experts of a token.</param>
    /// <exception cref="UsageException">The file belongs to another layer; the message names the tensor.</exception>
    public static ExpertRouting Read(string path, int experts, int topK)
    {
        using var file = new TensorFile(path, null).Open();
        var ids = file.Get(Ids);
        if (ids.Shape.Length != 2 || ids.Shape[0] == 0 || ids.Shape[1] != topK)
            throw new UsageException($"{path}: tensor {ids.Info} is not the model's; expected [T, k] = [T, {topK}]");
        var values = ids.ReadInt32s();
        if (Array.FindIndex(values, id => id < 0 || id >= experts) is >= 0 and var wrong)
            throw new UsageException($"{path}: {Ids}[{wrong / topK}, {wrong % topK}] is {values[wrong]}; expected an expert from 0 to {experts - 1}");
        if (!file.TryGet(Weights, out var weights)) return new ExpertRouting(topK, values, [.. Enumerable.Repeat(1f / topK, values.Length)]);
        if (!weights.Shape.SequenceEqual(ids.Shape)) throw new UsageException($"{path}: tensor {weights.Info} does not fit {ids.Info}");
        return new ExpertRouting(topK, values, weights.ReadSingles());
    }
}
