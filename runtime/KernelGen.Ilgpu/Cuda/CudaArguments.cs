using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Runtime;

namespace KernelGen.Ilgpu;

/// <summary>The arguments of a CUDA launch as the driver takes them: one block of bytes, each argument at its natural alignment.</summary>
internal unsafe struct CudaArguments
{
    private const int Capacity = 320;
    private const int MaxValues = 32;

    private fixed byte _bytes[Capacity];
    private fixed int _starts[MaxValues];
    private int _length;
    private int _count;

    /// <summary>Appends a view, as ILGPU's kernels take it: address and length.</summary>
    public void Add<T>(in ArrayView<T> view)
        where T : unmanaged
    {
        Add(Address(view), sizeof(nint));
        Add(view.Length, sizeof(long));
    }

    /// <summary>Appends a number or an address.</summary>
    public void Add<T>(T value)
        where T : unmanaged => Add(value, sizeof(T));

    /// <summary>Appends a structure whose largest member has <paramref name="alignment"/> bytes.</summary>
    public void Add<T>(T value, int alignment)
        where T : unmanaged
    {
        var start = (_length + alignment - 1) / alignment * alignment;
        if (start + sizeof(T) > Capacity) throw new InvalidOperationException($"a kernel's arguments may take {Capacity} bytes");
        if (_count == MaxValues) throw new InvalidOperationException($"a kernel may take {MaxValues} values");
        _starts[_count++] = start;
        Unsafe.WriteUnaligned(ref _bytes[start], value);
        _length = start + sizeof(T);
    }

    /// <summary>The device address of a view's first element; 0 for a view of nothing.</summary>
    public static nint Address<T>(in ArrayView<T> view)
        where T : unmanaged
    {
        return AddressOf(in view);

        // Through the type parameter, because through the interface the view would be boxed.
        static nint AddressOf<TView>(in TView view)
            where TView : struct, IContiguousArrayView => view.Buffer is { } buffer ? buffer.NativePtr + (nint)view.IndexInBytes : 0;
    }

    /// <summary>
    /// Launches a function that takes each value as a parameter of its own. The driver, which knows where they go, copies them: a
    /// parameter that wants 64 bytes of alignment does not lie where the sizes of those in front of it put it.
    /// </summary>
    public void LaunchEach(in CudaLaunch launch)
    {
        fixed (byte* bytes = _bytes)
        {
            var values = stackalloc void*[MaxValues];
            for (var i = 0; i < _count; i++) values[i] = bytes + _starts[i];
            launch.Run(values, null);
        }
    }

    /// <summary>Launches a function with these arguments, views and structures among them.</summary>
    public void Launch(in CudaLaunch launch)
    {
        fixed (byte* bytes = _bytes)
        {
            nint length = _length;
            var extra = stackalloc void*[] { (void*)1, bytes, (void*)2, &length, null };
            launch.Run(null, extra);
        }
    }
}
