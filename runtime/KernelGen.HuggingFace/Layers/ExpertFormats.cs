namespace KernelGen.HuggingFace;

/// <summary>Selects the format of an expert's weights.</summary>
internal static class ExpertFormats
{
    /// <summary>Returns the requested format, else the stored one, else the one without scales.</summary>
    /// <exception cref="ArgumentException">The format is not of type <typeparamref name="T"/>, or that type has no format without scales.</exception>
    public static ExpertFormat Choose<T>(ExpertFormat? format, ExpertFormat stored)
        where T : unmanaged
    {
        if (format is { } wished)
            return wished.Holds<T>() ? wished : throw new ArgumentException($"weights of type {typeof(T).Name} do not have the format {wished}", nameof(format));
        if (stored.Holds<T>()) return stored;
        foreach (var plain in new[] { DType.Float32, DType.Float16, DType.BFloat16 })
        {
            if (new ExpertFormat(plain).Holds<T>()) return new ExpertFormat(plain);
        }

        throw new ArgumentException($"the checkpoint has no weights of type {typeof(T).Name}; specify a format to quantise them", nameof(format));
    }
}
