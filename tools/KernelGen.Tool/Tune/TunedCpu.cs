using KernelGen.Benchmarking;
using KernelGen.OnDemand;
using KernelGen.Tuning;

namespace KernelGen.Tool.Tune;

/// <summary>This machine's CPU.</summary>
internal sealed class TunedCpu : ITunedDevice
{
    public string FileName => CpuTarget.DeviceName;

    public string Description => $"{MachineInfo.Current.Cpu}, {MachineInfo.Current.Cores} processors";

    public bool IsCpu => true;

    public string Space => NamedSpaces.Cpu;

    public ITuningTarget Target(TunedModel model, ExpertRouting routing, int maxTokens, MachineLimits limits) =>
        CpuTarget.Create(model, routing, maxTokens, limits, KernelCache.Default);

    public void Dispose()
    {
    }
}
