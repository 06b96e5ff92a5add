using KernelGen.Compiler.Families;
using KernelGen.Compiler.Tuning;

namespace KernelGen.Tests;

public class TuningFileNameTests
{
    public static TheoryData<string> Public => [.. PublicFiles.Names];

    [Theory]
    [MemberData(nameof(Public))]
    public void APublicNameIsWrittenAsItWasReadExceptForTheSpaceInBlockShape(string name)
    {
        Assert.Equal(name.Replace("[128,128]", "[128, 128]"), TuningFileName.Parse(name).ToString());
    }

    [Fact]
    public void EveryPartIsRead()
    {
        var name = TuningFileName.Parse("E=256,N=128,device_name=NVIDIA_H20-3e,dtype=fp8_w8a8,block_shape=[0,64],per_channel_quant=True_down.json");
        Assert.Equal(
            new TuningFileName(256, 128, "NVIDIA_H20-3e") { DType = "fp8_w8a8", BlockShape = new BlockShape(0, 64), PerChannelQuant = true, IsDown = true }, name);
        Assert.Equal("E=256,N=128,device_name=NVIDIA_H20-3e,dtype=fp8_w8a8,block_shape=[0, 64],per_channel_quant=True.json", name.WithoutDown.ToString());
    }

    [Theory]
    [InlineData("E=,N=128,device_name=X.json", "E has ''")]
    [InlineData("E=-8,N=128,device_name=X.json", "E has '-8'")]
    [InlineData("E=08,N=128,device_name=X.json", "E has '08'")]
    [InlineData("E=0,N=128,device_name=X.json", "E has '0'")]
    [InlineData("E=8,N=99999999999,device_name=X.json", "N has '99999999999'")]
    [InlineData("E=8,device_name=X.json", "E has '8'|N has ''")]
    [InlineData("E=8,N=128,device_name=.json", "'' is not a device name")]
    [InlineData("E=8,N=128,device_name=X,dtype=FP8.json", "'FP8' is not a dtype")]
    [InlineData("E=8,N=128,device_name=X,block_shape=[128].json", "'128]' is not a block_shape")]
    [InlineData("E=8,N=128,device_name=X,block_shape=[128,0].json", "block_shape has '0'")]
    [InlineData("E=8,N=128,device_name=X,per_channel_quant=False.json", "'X,per_channel_quant=False' is not a device name")]
    [InlineData("E=8,N=128,device_name=a b.json", "'a b' is not a device name")]
    public void WhatIsWrongWithANameIsSaid(string name, string problems)
    {
        var error = Assert.Throws<TuningFileException>(() => TuningFileName.Parse(name));
        Assert.Contains(problems.Split('|'), problem => error.Message.Contains(problem));
        Assert.Contains(name.Length <= 40 ? name : name[..40], error.Message);
    }

    [Theory]
    [InlineData("appsettings.json")]
    [InlineData("E=8,N=128.json")]
    [InlineData("E=8,N=128,device_name=X.txt")]
    public void AnotherFileDoesNotResembleOne(string name) => Assert.False(TuningFileName.Resembles(name));

    [Theory]
    [InlineData("NVIDIA H100 80GB HBM3", "NVIDIA_H100_80GB_HBM3")]
    [InlineData("Intel(R) Xeon(R) Platinum 8488C", "Intel(R)_Xeon(R)_Platinum_8488C")]
    [InlineData(" AMD EPYC 9R14, 96/Core ", "AMD_EPYC_9R14__96_Core")]
    [InlineData("", "unknown")]
    public void ADeviceNameBecomesPartOfAFileName(string device, string expected) => Assert.Equal(expected, TuningFileName.DeviceNameOf(device));

    public static TheoryData<FusedMoeSpec, string> Specs => new()
    {
        { Spec(DType.BFloat16), "" },
        { Spec(DType.Float32), ",dtype=float32" },
        { Spec(DType.Float8E4M3, WeightQuantization.Block128, ActivationQuantization.DynamicGroup128), ",dtype=fp8_w8a8,block_shape=[128, 128]" },
        { Spec(DType.Float8E4M3, WeightQuantization.Channel, ActivationQuantization.DynamicToken), ",dtype=fp8_w8a8,per_channel_quant=True" },
        { Spec(DType.Float8E4M3, WeightQuantization.Tensor, ActivationQuantization.StaticTensor), ",dtype=fp8_w8a8" },
        { Spec(DType.Float8E4M3, WeightQuantization.Tensor), ",dtype=fp8_w8a16" },
        { Spec(DType.Int8, WeightQuantization.Channel, ActivationQuantization.DynamicToken), ",dtype=int8_w8a8,per_channel_quant=True" },
        { Spec(DType.Int8, WeightQuantization.Channel), ",dtype=int8_w8a16" },
        { Spec(DType.Int4, WeightQuantization.Group) with { GroupSize = 64 }, ",dtype=int4_w4a16,block_shape=[0, 64]" },
    };

    [Theory]
    [MemberData(nameof(Specs))]
    public void ASpecHasTheNameOfItsFile(FusedMoeSpec spec, string format)
    {
        Assert.Empty(spec.Validate());
        var name = ExpertTuning.FileName(spec, "NVIDIA_H200");
        Assert.Equal($"E=128,N=768,device_name=NVIDIA_H200{format}.json", name.ToString());
        Assert.Equal(name, TuningFileName.Parse(name.ToString()));
    }

    private static FusedMoeSpec Spec(DType type, WeightQuantization quantization = WeightQuantization.None, ActivationQuantization inputs = ActivationQuantization.None) =>
        new(128, 8, 2048, 768, MoeActivation.SiluAndMul, type, Quantization: quantization) { ActivationQuantization = inputs };
}
