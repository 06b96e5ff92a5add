namespace KernelGen.Tests;

public class Float8E4M3Tests
{
    [Fact]
    public void EveryPatternWidensToTheNumberItStandsFor()
    {
        for (var bits = 0; bits < 256; bits++)
        {
            int exponent = (bits >> 3) & 15, mantissa = bits & 7;
            var magnitude = exponent == 0 ? mantissa / 8.0 * Math.Pow(2, -6) : (1 + (mantissa / 8.0)) * Math.Pow(2, exponent - 7);
            double expected = (bits & 127) == 127 ? double.NaN : bits < 128 ? magnitude : -magnitude;
            Assert.Equal(expected, (double)(float)new Float8E4M3((byte)bits));
        }
    }

    [Fact]
    public void EveryPatternComesBack()
    {
        for (var bits = 0; bits < 256; bits++)
        {
            float value = new Float8E4M3((byte)bits);
            var back = (Float8E4M3)value;
            if (float.IsNaN(value)) Assert.True(float.IsNaN(back));
            else Assert.Equal(bits, back.Bits);
        }
    }

    [Fact]
    public void RoundsToNearestTiesToEven()
    {
        for (var bits = 0; bits < 126; bits++)
        {
            float below = new Float8E4M3((byte)bits), above = new Float8E4M3((byte)(bits + 1));
            var middle = (below + above) / 2;
            Assert.Equal(bits + (bits & 1), ((Float8E4M3)middle).Bits);
            Assert.Equal(bits, ((Float8E4M3)MathF.BitDecrement(middle)).Bits);
            Assert.Equal(bits + 1, ((Float8E4M3)MathF.BitIncrement(middle)).Bits);
            Assert.Equal(0x80 | (bits + 1), ((Float8E4M3)(-MathF.BitIncrement(middle))).Bits);
        }
    }

    [Theory]
    [InlineData(449f, 448f)]
    [InlineData(464f, 448f)]
    [InlineData(1e30f, 448f)]
    [InlineData(float.PositiveInfinity, 448f)]
    [InlineData(float.NegativeInfinity, -448f)]
    [InlineData(float.MinValue, -448f)]
    [InlineData(float.Epsilon, 0f)]
    public void SaturatesAndVanishes(float value, float expected) => Assert.Equal(expected, (float)(Float8E4M3)value);

    [Fact]
    public void KeepsNaNAndTheSignOfZero()
    {
        Assert.True(float.IsNaN((Float8E4M3)float.NaN));
        Assert.Equal(0x80, ((Float8E4M3)(-0f)).Bits);
        Assert.True(float.IsNegative(new Float8E4M3(0x80)));
    }
}
