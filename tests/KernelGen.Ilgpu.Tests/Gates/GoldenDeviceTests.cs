using KernelGen.OnDemand;

namespace KernelGen.Tests;

/// <summary>Published models' gates on devices, with the same inputs as on the CPU.</summary>
public sealed class GoldenDeviceTests : IDisposable
{
    private readonly GoldenGates _gates = new();

    public void Dispose() => _gates.Dispose();

    [Theory]
    [MemberData(nameof(GoldenGates.Names), MemberType = typeof(GoldenGates))]
    public void RoutesLikeTheModelOnTheCpuAccelerator(string gate) => Check(gate, TestDevice.Cpu);

    [Theory]
    [MemberData(nameof(GoldenGates.Names), MemberType = typeof(GoldenGates))]
    public void RoutesLikeTheModelOnCuda(string gate) => Check(gate, TestDevice.Cuda);

    [Theory]
    [MemberData(nameof(GoldenGates.Names), MemberType = typeof(GoldenGates))]
    public void RoutesLikeTheModelOnOpenCl(string gate) => Check(gate, TestDevice.OpenCl);

    private void Check(string gate, string device)
    {
        var runner = TestDevice.Get(device);
        var (spec, factor) = _gates.Describe(gate);
        var kernels = KernelAssembly.CompileForIlgpu(spec).IlgpuKernels(spec);
        foreach (var tokens in GoldenGates.TokenCounts)
        {
            var (logits, bias, expected) = _gates.Read(gate, tokens, spec);
            new GateCase(spec, logits, bias, factor, gap: 0, gate, expected).Check(new DeviceGate(runner, kernels), device);
        }
    }
}
