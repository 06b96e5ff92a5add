namespace KernelGen.Compiler.Families;

/// <summary>A configuration that one kernel variant is made for, whatever its family. Implementations compare by content.</summary>
public interface IKernelSpec
{
    /// <summary>The family that makes its kernels.</summary>
    KernelFamily Family { get; }

    /// <summary>What run-time shapes can tell apart: two declarations of one class with equal keys are ambiguous.</summary>
    object DispatchKey { get; }

    /// <summary>The canonical name: emitted type, benchmark row, log line and metric tag.</summary>
    string VariantName { get; }

    /// <summary>The canonical name without the device.</summary>
    string ConfigurationName { get; }

    /// <summary>The attribute that yields this spec, as a user would write it.</summary>
    string Declaration { get; }

    /// <summary>Everything that is wrong with the spec; empty when a kernel can be made.</summary>
    IReadOnlyList<SpecProblem> Validate();
}
