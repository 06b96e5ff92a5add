using KernelGen.Compiler.Specialization;
using OwnTemplate;
using Samples;

const int HiddenSize = 160;
const float Epsilon = 1e-6f;

var values = new Dictionary<string, ConstantValue> { ["HiddenSize"] = ConstantValue.From(HiddenSize), ["Sums"] = ConstantValue.From(5) };
var kernel = SpecializedKernel.Make("RmsNorm.cs", "RmsNorm160", values, vectorBits: 256);
Console.WriteLine(kernel.Source);

unsafe
{
    Run("the template as it stands, H = 48", &RmsNorm.Run, RmsNorm.HiddenSize);
    Run("specialised, H = 160", (delegate*<float*, float*, float, float*, void>)kernel.Address("Run"), HiddenSize);
}

return Check.ExitCode;

static unsafe void Run(string what, delegate*<float*, float*, float, float*, void> run, int hiddenSize)
{
    var random = new Random(1);
    var (x, weight, y) = (new float[hiddenSize], new float[hiddenSize], new float[hiddenSize]);
    for (var h = 0; h < hiddenSize; h++) (x[h], weight[h]) = ((4 * random.NextSingle()) - 2, random.NextSingle());
    fixed (float* xStart = x, weightStart = weight, yStart = y) run(xStart, weightStart, Epsilon, yStart);

    var scale = 1 / Math.Sqrt((x.Sum(value => (double)value * value) / hiddenSize) + Epsilon);
    Check.Close(what, y, [.. x.Zip(weight, (value, factor) => value * scale * factor)], 1e-6);
}
