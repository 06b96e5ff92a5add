using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;
using KernelGen.Ilgpu;

namespace KernelGen.Tests;

/// <summary>Bad streams, views and versions, and what the messages say.</summary>
public class CheckTests
{
    [Fact]
    public void AMatrixOfOtherExtentIsNamedWithBothExtents()
    {
        var accelerator = TestDevice.Get(TestDevice.Cpu).Accelerator;
        using var buffer = accelerator.Allocate2DDenseX<float>(new Index2D(8, 3));
        ViewCheck.RequireMatrix(buffer.View, "weights", "[T, k]", accelerator, 3, 8);
        var error = Assert.Throws<ArgumentException>(() => ViewCheck.RequireMatrix(buffer.View, "weights", "[T, k]", accelerator, 4, null));
        Assert.Equal("weights", error.ParamName);
        Assert.Contains("(X: 8, Y: 3); expected (X: k, Y: 4) for [T, k]", error.Message);
    }

    [Fact]
    public void AVectorOfOtherLengthIsNamedWithBothLengths()
    {
        var accelerator = TestDevice.Get(TestDevice.Cpu).Accelerator;
        using var buffer = accelerator.Allocate1D<float>(8);
        var error = Assert.Throws<ArgumentException>(() => ViewCheck.RequireVector(buffer.View.AsContiguous(), "bias", "[E]", accelerator, 9));
        Assert.Contains("bias has 8 elements; expected [E] = [9]", error.Message);
    }

    [Fact]
    public void OutputsWhoseRowsOverlapAreRejected()
    {
        using var buffer = TestDevice.Get(TestDevice.Cpu).Accelerator.Allocate1D<float>(100);
        ViewCheck.RequireOwnRows(Rows(8, 3, 8), "weights");
        ViewCheck.RequireOwnRows(Rows(8, 1, 1), "weights");
        Assert.Throws<ArgumentException>(() => ViewCheck.RequireOwnRows(Rows(8, 3, 7), "weights"));

        ArrayView2D<float, Stride2D.DenseX> Rows(int columns, int rows, int stride) => new(buffer.View, new LongIndex2D(columns, rows), new Stride2D.DenseX(stride));
    }

    [Fact]
    public void MemoryOfAnotherAcceleratorIsRejected()
    {
        var accelerator = TestDevice.Get(TestDevice.Cpu).Accelerator;
        using var buffer = TestDevice.Get(TestDevice.CpuWithWarps).Accelerator.Allocate1D<float>(8);
        var error = Assert.Throws<ArgumentException>(() => ViewCheck.RequireVector(buffer.View.AsContiguous(), "bias", "[E]", accelerator, 8));
        Assert.Contains("another accelerator", error.Message);
    }

    [Fact]
    public void FreedMemoryIsRejected()
    {
        var accelerator = TestDevice.Get(TestDevice.Cpu).Accelerator;
        var buffer = accelerator.Allocate1D<float>(8);
        var view = buffer.View.AsContiguous();
        buffer.Dispose();
        Assert.Throws<ObjectDisposedException>(() => ViewCheck.RequireVector(view, "bias", "[E]", accelerator, 8));
    }

    [Fact]
    public void StreamsThatAreMissingOrDisposedAreRejected()
    {
        using var context = Context.Create(builder => builder.CPU());
        var accelerator = context.CreateCPUAccelerator(0);
        Assert.Throws<ArgumentNullException>(() => StreamCheck.Require(null!));
        var stream = accelerator.CreateStream();
        Assert.Same(accelerator, StreamCheck.Require(stream));
        stream.Dispose();
        Assert.Throws<ObjectDisposedException>(() => StreamCheck.Require(stream));
        var orphan = accelerator.DefaultStream;
        accelerator.Dispose();
        Assert.Throws<ObjectDisposedException>(() => StreamCheck.Require(orphan));
    }

    [Fact]
    public void GraphsAreForCudaAlone() =>
        Assert.Throws<NotSupportedException>(() => CudaGraph.Capture(TestDevice.Get(TestDevice.Cpu).Stream, _ => { }));

    [Theory]
    [InlineData("1.5.3.0", true)]
    [InlineData("1.5.2.0", false)]
    [InlineData("2.0.0.0", false)]
    public void OnlyTheTestedVersionIsAccepted(string version, bool isAccepted)
    {
        IlgpuVersion.Require();
        var problem = IlgpuVersion.Compare(new Version(version));
        Assert.Equal(isAccepted, problem is null);
        if (problem is not null) Assert.Contains(version, problem);
    }
}
