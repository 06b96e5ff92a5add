using System.ComponentModel;
using ILGPU.Runtime;

namespace KernelGen.Ilgpu;

/// <summary>What a tuning file chooses for experts on one device.</summary>
/// <param name="deviceName">The device, as file names have it: with <c>_</c> for spaces.</param>
/// <param name="choices">By numbers of tokens, the fewest first; the last one has no end.</param>
[EditorBrowsable(EditorBrowsableState.Never)]
public sealed class TunedDevice(string deviceName, params TunedDeviceChoice[] choices)
{
    /// <summary>The device.</summary>
    public string DeviceName => deviceName;

    /// <summary>The choices.</summary>
    public IReadOnlyList<TunedDeviceChoice> Choices => choices;

    /// <summary>Whether an accelerator is the device.</summary>
    public bool IsFor(Accelerator accelerator) => IsFor(accelerator.Name);

    /// <summary>The choice for a number of tokens.</summary>
    public TunedDeviceChoice Choose(int tokens)
    {
        foreach (var choice in choices)
        {
            if (tokens <= choice.MaxTokens) return choice;
        }

        return choices[^1];
    }

    // Letter by letter: a call must not allocate.
    internal bool IsFor(ReadOnlySpan<char> name)
    {
        name = name.Trim();
        if (name.Length != deviceName.Length) return false;
        for (var i = 0; i < name.Length; i++)
        {
            if (deviceName[i] != name[i] && deviceName[i] != '_') return false;
        }

        return true;
    }
}

/// <summary>What serves a range of token numbers on a device.</summary>
/// <param name="MaxTokens">The range's end, included.</param>
/// <param name="Slices">Slices of the reduction.</param>
/// <param name="Pair">The products; null in variants of other slices.</param>
[EditorBrowsable(EditorBrowsableState.Never)]
public sealed record TunedDeviceChoice(int MaxTokens, int Slices, ExpertGemmPair? Pair);
