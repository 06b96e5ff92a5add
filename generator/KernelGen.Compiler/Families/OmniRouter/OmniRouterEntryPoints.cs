using KernelGen.Compiler.Dispatch;

namespace KernelGen.Compiler.Families;

/// <summary><c>Route</c> and <c>RouteBackward</c>.</summary>
internal static class OmniRouterEntryPoints
{
    private static readonly DispatchAxis[] Axes =
    [
        DispatchAxis.Int("ExpertsPerAxis", "Keys per axis, n.", spec => ((OmniRouterSpec)spec).ExpertsPerAxis),
        DispatchAxis.Int("TopK", "Experts per token, k.", spec => ((OmniRouterSpec)spec).TopK),
    ];

    public static Dispatcher Of(IReadOnlyList<IKernelSpec> routers) => new("NoSuchOmniRouter", Axes, [Route(routers), RouteBackward(routers)]);

    private static EntryPoint Route(IReadOnlyList<IKernelSpec> routers) => new(
        "Route",
        "Selects each token's top-k of n² experts, whose scores are sums of one key's logit per axis.",
        "OmniRouterCall.Create",
        "DeviceOmniRouterCall.Create",
        [
            new("x", ParameterKind.Matrix, "float", "Logits of the first axis, [T, n]."),
            new("y", ParameterKind.Matrix, "float", "Logits of the second axis, [T, n]."),
            new("scores", ParameterKind.OutputMatrix, "float", "Receives the scores x[t, i] + y[t, j], [T, k], in descending order."),
            new("indices", ParameterKind.OutputMatrix, "int", "Receives the expert ids i · n + j, [T, k], in the same order. Of equal scores the lower id wins."),
        ],
        Axes,
        routers);

    private static EntryPoint RouteBackward(IReadOnlyList<IKernelSpec> routers) => new(
        "RouteBackward",
        "Computes the gradients of the logits: each score's gradient is added to its key on both axes, in the order of the slots; all other gradients are 0.",
        "OmniRouterBackwardCall.Create",
        "DeviceOmniRouterCall.CreateBackward",
        [
            new("indices", ParameterKind.Matrix, "int", "The expert ids that <c>Route</c> selected, [T, k]."),
            new("gradScores", ParameterKind.Matrix, "float", "Gradients of the scores, [T, k]."),
            new("gradX", ParameterKind.OutputMatrix, "float", "Receives the gradients of the first axis, [T, n]."),
            new("gradY", ParameterKind.OutputMatrix, "float", "Receives the gradients of the second axis, [T, n]."),
        ],
        Axes,
        routers)
    {
        Kernel = "RunBackward",
        ListsDeclarations = false,
        CpuArgumentErrors = ", or an id lies outside 0 to n² - 1",
        IlgpuRemarks = "The host cannot check device memory: the gradient of an id outside 0 to n² - 1 is dropped.",
    };
}
