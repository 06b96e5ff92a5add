using System.Buffers.Binary;
using System.Text;

namespace KernelGen.HuggingFace.Tests;

/// <summary>Files as byte arrays, right or wrong.</summary>
internal static class HeaderBytes
{
    /// <summary>Length, the JSON text as it is, then zeros as data.</summary>
    public static byte[] File(string json, int dataBytes = 0) => File(Encoding.UTF8.GetBytes(json), dataBytes);

    public static byte[] File(byte[] json, int dataBytes = 0)
    {
        var file = new byte[8 + json.Length + dataBytes];
        BinaryPrimitives.WriteInt64LittleEndian(file, json.Length);
        json.CopyTo(file, 8);
        return file;
    }

    public static SafetensorsHeader Parse(byte[] file) => SafetensorsHeader.Parse(file, file.Length, "test.safetensors");
}
