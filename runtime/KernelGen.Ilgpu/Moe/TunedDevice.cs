using System.ComponentModel;
using ILGPU.Runtime;

namespace KernelGen.Ilgpu;

/// <summary>The choices of a tuning file for experts on one device.</summary>
/// <param name="deviceName">The device name as in file names, with <c>_</c> for spaces.</param>
/// <param name="choices">In ascending order of token counts; the last one is unbounded.</param>
[EditorBrowsable(EditorBrowsableState.Never)]
public sealed class TunedDevice(string deviceName, params TunedDeviceChoice[] choices)
{
    /// <summary>The device.</summary>
    public string DeviceName => deviceName;

    /// <summary>The choices.</summary>
    public IReadOnlyList<TunedDeviceChoice> Choices => choices;

    /// <summary>Whether an accelerator is the device.</summary>
    public bool IsFor(Accelerator accelerator) => IsFor(accelerator.Name);

    /// <summary>The choice for a token count.</summary>
    public TunedDeviceChoice Choose(int tokens)
    {
        foreach (var choice in choices)
        {
            if (tokens <= choice.MaxTokens) return choice;
        }

        return choices[^1];
    }

    // Character by character: a call must not allocate.
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

/// <summary>The choice for a range of token counts on a device.</summary>
/// <param name="MaxTokens">Inclusive end of the range.</param>
/// <param name="Slices">Number of Split-K slices.</param>
/// <param name="Pair">The GEMMs; null in variants with another slice count.</param>
[EditorBrowsable(EditorBrowsableState.Never)]
public sealed record TunedDeviceChoice(int MaxTokens, int Slices, ExpertGemmPair? Pair);
