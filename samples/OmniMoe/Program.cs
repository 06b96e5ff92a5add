using System.Globalization;
using OmniMoe;

const int Tokens = 200;
const double Tolerance = 1e-4; // fp32 sums of 200 products of numbers around 10

var random = new Random(1);
using var layer = new OmniLayer(random);
var hidden = OmniLayer.Numbers(random, Tokens * OmniLayer.HiddenSize, 1f);
var x = OmniLayer.Numbers(random, Tokens * OmniLayer.ExpertsPerAxis, 2f);
var y = OmniLayer.Numbers(random, Tokens * OmniLayer.ExpertsPerAxis, 2f);
var output = layer.Forward(hidden, (float[])x.Clone(), (float[])y.Clone());

var error = 0.0;
var largest = 0.0;
for (var token = 0; token < Tokens; token++)
{
    var expected = Reference.Forward(layer, Row(hidden, token), Row(x, token), Row(y, token));
    for (var h = 0; h < expected.Length; h++)
    {
        error = Math.Max(error, Math.Abs(expected[h] - output[(token * expected.Length) + h]));
        largest = Math.Max(largest, Math.Abs(expected[h]));
    }
}

Console.WriteLine(Omni.Select(expertsPerAxis: OmniLayer.ExpertsPerAxis, topK: OmniLayer.TopK));
Console.WriteLine(Omni.Select(expertsPerAxis: OmniLayer.ExpertsPerAxis, topK: OmniLayer.TopK, hiddenSize: OmniLayer.HiddenSize));
Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Tokens} tokens: largest output {largest:F2}, largest error {error:0.0e-0}, allowed {Tolerance:0.0e-0}"));
return error <= Tolerance ? 0 : 1;

static ReadOnlySpan<float> Row(float[] matrix, int token) => matrix.AsSpan(token * (matrix.Length / Tokens), matrix.Length / Tokens);
