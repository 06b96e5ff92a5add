using OwnTemplate;
using Samples;

const float Epsilon = 1e-6f;

unsafe
{
    Run("the unspecialised template, H = 48", &RmsNorm.Run, RmsNorm.HiddenSize);
    Run("specialised, H = 160", &RmsNorm160.Run, 160);
    Run("specialised, H = 4096", &RmsNorm4096.Run, 4096);
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
