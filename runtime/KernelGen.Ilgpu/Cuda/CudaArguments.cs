using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Runtime;

namespace KernelGen.Ilgpu;

/// <summary>The arguments of a CUDA launch: one block of bytes, with each argument at its natural alignment.</summary>
internal unsafe struct CudaArguments
{
    private const int Capacity = 320;
    private const int MaxValues = 32;

    private fixed byte _bytes[Capacity];
    private fixed int _starts[MaxValues];
    private int _length;
    private int _count;

    /// <summary>Appends a view in the layout of ILGPU's kernels: address and length.</summary>
    public void Add<T>(in ArrayView<T> view)
        where T : unmanaged
    {
        Add(Address(view), sizeof(nint));
        Add(view.Length, sizeof(long));
    }

    /// <summary>Appends a number or an address.</summary>
    public void Add<T>(T value)
        where T : unmanaged => Add(value, sizeof(T));

    /// <summary>Appends a structure whose largest member is <paramref name="alignment"/> bytes.</summary>
    public void Add<T>(T value, int alignment)
        where T : unmanaged
    {
        var start = (_length + alignment - 1) / alignment * alignment;
        if (start + sizeof(T) > Capacity) throw new InvalidOperationException($"the arguments of a kernel may not exceed {Capacity} bytes");
        if (_count == MaxValues) throw new InvalidOperationException($"a kernel may not have more than {MaxValues} arguments");
        _starts[_count++] = start;
        Unsafe.WriteUnaligned(ref _bytes[start], value);
        _length = start + sizeof(T);
    }

    /// <summary>Device address of a view's first element; 0 for an empty view.</summary>
    public static nint Address<T>(in ArrayView<T> view)
        where T : unmanaged
    {
        return AddressOf(in view);

        // Through the type parameter, because the interface would box the view.
        static nint AddressOf<TView>(in TView view)
            where TView : struct, IContiguousArrayView => view.Buffer is { } buffer ? buffer.NativePtr + (nint)view.IndexInBytes : 0;
    }

    /// <summary>
    /// Launches a function that takes each value as a separate parameter. The driver, which knows the parameter offsets, copies them: a
    /// parameter with 64-byte alignment is not at the offset that the sizes of the preceding ones suggest.
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

    /// <summary>Launches a function with these arguments, including views and structures.</summary>
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
