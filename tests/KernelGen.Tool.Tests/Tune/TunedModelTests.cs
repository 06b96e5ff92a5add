using KernelGen.Compiler.Tuning;
using KernelGen.HuggingFace;
using KernelGen.Tuning;

namespace KernelGen.Tool.Tests.Tune;

/// <summary>From a model and its options to the kernels that are tuned and the file that holds the result.</summary>
public class TunedModelTests
{
    [Theory]
    [InlineData("mixtral-8x7b", 8, 1, null, false, "fusedmoe_silu_e8_k2_h4096_i1792_bf16", "E=8,N=1792,device_name=D.json")]
    [InlineData("mixtral-8x7b", 2, 2, null, false, "fusedmoe_silu_e4_k2_h4096_i14336_bf16", "E=4,N=14336,device_name=D.json")]
    [InlineData("deepseek-v3", 8, 1, null, false, "fusedmoe_silu_e257_k9_h7168_i256_fp8block_w8a8", "E=257,N=256,device_name=D,dtype=fp8_w8a8,block_shape=[128, 128].json")]
    [InlineData("qwen3-30b-a3b", 8, 1, "fp8_w8a8", true, "fusedmoe_silu_e128_k8_h2048_i96_fp8channel_w8a8", "E=128,N=96,device_name=D,dtype=fp8_w8a8,per_channel_quant=True.json")]
    [InlineData("qwen3-30b-a3b", 8, 1, "int8_w8a16", false, "fusedmoe_silu_e128_k8_h2048_i96_int8", "E=128,N=96,device_name=D,dtype=int8_w8a16.json")]
    [InlineData("qwen3-30b-a3b", 2, 1, "int4_w4a16", false, "fusedmoe_silu_e128_k8_h2048_i384_int4g128", "E=128,N=384,device_name=D,dtype=int4_w4a16,block_shape=[0, 128].json")]
    [InlineData("gpt-oss-20b", 1, 1, null, false, "fusedmoe_swiglu_oai_e32_k4_h2880_i2880_bf16", "E=32,N=2880,device_name=D.json")]
    public void KernelsAndFileFollowFromTheModel(string preset, int tensorParallel, int expertParallel, string? type, bool perChannel, string kernels, string file)
    {
        var model = TunedModel.Create(ModelPresets.Find(preset)!.Shard(tensorParallel, expertParallel), type, perChannel);
        Assert.Equal((kernels, file), (model.Spec.ConfigurationName, ExpertTuning.FileName(model.Spec, "D").ToString()));
    }

    [Theory]
    [InlineData("deepseek-v3", null, true, "scales are per block [128, 128], so they cannot be per channel")]
    [InlineData("qwen3-30b-a3b", "int4_w4a16", true, "scales are per block [0, 128]")]
    [InlineData("qwen3-30b-a3b", null, true, "no kernel has bfloat16 weights with scales of channels")]
    public void WhatHasNoKernelIsOneLine(string preset, string? type, bool perChannel, string expected) =>
        Assert.Contains(expected, Assert.Throws<TuningException>(() => TunedModel.Create(ModelPresets.Find(preset)!.Shard(1, 1), type, perChannel)).Message);
}
