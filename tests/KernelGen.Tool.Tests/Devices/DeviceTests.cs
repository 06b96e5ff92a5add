namespace KernelGen.Tool.Tests;

/// <summary>Devices that are not there.</summary>
public class DeviceTests
{
    private const string Gate = "bench gate --experts 8 --top-k 2 --tokens 1 --device";

    [Theory]
    [InlineData("cuda:99")]
    [InlineData("opencl:99")]
    [InlineData("cpu,cuda:99")]
    public async Task AMissingDeviceIsOneLineThatListsThoseThatAreThere(string devices)
    {
        (await ToolRun.Of([.. Gate.Split(' '), devices])).AssertFailure(2, $"--device is '{devices.Split(',')[^1]}'; this machine has cpu, ilgpu-cpu");
    }

    [Theory]
    [InlineData("cpu", "cpu")]
    [InlineData("ilgpu-cpu", "ilgpu-cpu")]
    [InlineData("cuda:12", "cuda:12")]
    [InlineData("opencl:0", "opencl:0")]
    [InlineData("cuda:", null)]
    [InlineData("cuda:+1", null)]
    [InlineData("cuda:99999999999", null)]
    [InlineData("ilgpu-cpu:0", null)]
    [InlineData("", null)]
    public void NamesAreReadAsTheyAreWritten(string text, string? name) => Assert.Equal(name, DeviceName.Parse(text)?.ToString());
}
