using KernelGen.Testing;

namespace KernelGen.Tests;

/// <summary>
/// Sums of 128 products of 8-bit floats as Hopper's <c>wgmma</c> adds them up, emulated: why device tests allow for them what they do.
/// </summary>
public class FourteenBitSumTests(ITestOutputHelper output)
{
    private const int Terms = 128;
    private const int Step = 32;

    // Beside the sign and the leading one.
    private const int Bits = 12;

    [Fact]
    public void HardlyASumComesNearTheBoundOfDeviceTests()
    {
        const int Sums = 100_000;
        var random = new SeededRandom();
        output.WriteLine(random.Description);
        var shares = Enumerable.Range(0, Sums).Select(_ =>
        {
            // Weights of every bit pattern but NaN, as QuantizedCase has them, and normal activations.
            var terms = Array.ConvertAll(random.Normal(Terms, 100), activation => (float)(Float8E4M3)activation * (double)random.Float8());
            return Math.Abs(Sum(terms) - terms.Sum()) / terms.Sum(Math.Abs) / ReferenceMoe.Sums14Bits;
        }).ToArray();
        output.WriteLine($"the most of {Sums} sums: {shares.Max():F2} of the bound");

        // Beyond an eighth there are many, beyond each further one about twelve times fewer: of a thousand million sums one or two are beyond the bound.
        Assert.InRange(shares.Count(share => share > 1.0 / 8), Sums / 100, Sums / 5);
        Assert.InRange(shares.Count(share => share > 1.0 / 2), 0, Sums / 1000);
    }

    /// <summary>In steps of one instruction, whose terms and the sum so far are cut off below the largest of them.</summary>
    private static double Sum(double[] terms)
    {
        var sum = 0.0;
        foreach (var step in terms.Chunk(Step))
        {
            var unit = Math.ScaleB(1, Math.ILogB(Math.Max(Math.Abs(sum), step.Max(Math.Abs))) - Bits);
            sum = Cut(step.Aggregate(Cut(sum, unit), (total, term) => total + Cut(term, unit)));
        }

        return sum;
    }

    private static double Cut(double number) => number == 0 ? 0 : Cut(number, Math.ScaleB(1, Math.ILogB(number) - Bits));

    private static double Cut(double number, double unit) => Math.Truncate(number / unit) * unit;
}
