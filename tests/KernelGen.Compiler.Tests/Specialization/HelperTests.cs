namespace KernelGen.Compiler.Tests;

/// <summary>Private methods: which are written, for which values, under which names.</summary>
public class HelperTests
{
    [Fact]
    public void Only_what_is_reached_is_written()
    {
        Sample.AssertText(
            """
            private static readonly int[] Table = [1, 2];

            public static int Run(int x) => Double(x) + Table[0];

            internal static delegate*<int, int> Pointer() => &Twice;

            /// <summary>Kept.</summary>
            [System.Runtime.CompilerServices.MethodImpl(256)]
            private static int Double(int x) => x + x;

            private static int Twice(int x) => 2 * x;
            """,
            Sample.Members(
                """
                    private static readonly int[] Table = [1, 2];
                    private static readonly int Unused = Dead(1);

                    public static int Run(int x) => Double(x) + (false ? Dead(x) : Table[0]);

                    internal static delegate*<int, int> Pointer() => &Twice;

                    /// <summary>Kept.</summary>
                    [System.Runtime.CompilerServices.MethodImpl(256)]
                    private static int Double(int x) => x + x;

                    private static int Twice(int x) => 2 * x;

                    private static int Dead(int x) => Deader(x);

                    private static int Deader(int x) => x;
                """));
    }

    [Fact]
    public void One_instance_for_each_choice_of_values()
    {
        Sample.AssertText(
            """
            public static void Run(float* x, int n)
            {
                Tile_6_2(x, n);
                Tile_6_2(x + 8, n);
                Tile_4_1(x, length: n);
            }

            /// <summary>A tile of 6 rows.</summary>
            private static void Tile_6_2(
                float* x,
                int length)
            {
                if (length > 1) Tile_6_1(x, length - 1);
                Use(x, 12);
            }

            /// <summary>A tile of 4 rows.</summary>
            private static void Tile_4_1(
                float* x,
                int length)
            {
                Use(x, 4);
            }

            /// <summary>A tile of 6 rows.</summary>
            private static void Tile_6_1(
                float* x,
                int length)
            {
                Use(x, 6);
            }
            """,
            Sample.Members(
                """
                    const int Rows = 6;

                    public static void Run(float* x, int n)
                    {
                        Tile(Rows, x, n, 2);
                        Tile(6, x + 8, n, 1 + 1);
                        Tile(4, x, length: n);
                    }

                    /// <summary>A tile of <paramref name="rows"/> rows.</summary>
                    /// <param name="rows">Gone.</param>
                    private static void Tile(
                        [Specialize] int rows,
                        float* x,
                        int length,
                        [Specialize] int vectors = 1)
                    {
                        if (vectors > 1 && length > 1) Tile(rows, x, length - 1, vectors - 1);
                        Use(x, rows * vectors);
                    }
                """));
    }

    [Fact]
    public void Values_of_every_kind_make_readable_names()
    {
        var text = Sample.Members(
            """
                public static void Run() { H(true, GateScoring.Sigmoid, -1, 0.5f); }
                private static void H([Specialize] bool b, [Specialize] GateScoring s, [Specialize] long n, [Specialize] float f) => Use(b, s, n, f);
            """);
        Assert.Contains("H_true_Sigmoid_m1_0_5f();", text);
        Assert.Contains("=> Use(true, GateScoring.Sigmoid, -1L, 0.5f);", text);
    }

    [Fact]
    public void Type_parameters_are_given_or_told_from_the_arguments()
    {
        Sample.AssertText(
            """
            public static void Run(float* p, int* q)
            {
                Use(Load_float(p), Load_int(q), Load_float(p + 1), &Load_float);
            }

            private static Vector256<float> Load_float(float* p)
            {
                return Vector256.Load(p);
            }

            private static Vector256<float> Load_int(int* p) => Vector256.ConvertToSingle(Vector256.Load(p));
            """.Replace("Load_int(int* p) => Vector256.ConvertToSingle(Vector256.Load(p));", "Load_int(int* p)\n{\n    return Vector256.ConvertToSingle(Vector256.Load(p));\n}"),
            Sample.Members(
                """
                    public static void Run(float* p, int* q)
                    {
                        Use(Load<float>(p), Load(q), Load(p + 1), &Load<float>);
                    }

                    private static Vector256<float> Load<[Specialize] T>(T* p)
                        where T : unmanaged
                    {
                        if (typeof(T) == typeof(float)) return Vector256.Load((float*)p);
                        return Vector256.ConvertToSingle(Vector256.Load((int*)p));
                    }
                """));
    }

    [Fact]
    public void Overloads_stay_apart()
    {
        var text = Sample.Members(
            """
                public static void Run(float* p, int n) { Step(p, n); Step(p, n, 3); }
                private static void Step(float* p, int n) => Step(p, n, 1);
                private static void Step(float* p, int n, [Specialize] int count) => Use(p, n, count);
            """);
        Assert.Contains("Step(p, n); \n".Trim(), text);
        Assert.Contains("Step_3(p, n);", text);
        Assert.Contains("private static void Step(float* p, int n) => Step_1(p, n);", text);
    }

    [Fact]
    public void Recursion_ends()
    {
        var text = Sample.Members(
            """
                public static int Run(int n) => Walk(n);
                private static int Walk(int n) => n <= 0 ? 0 : Walk(n - 1) + Fixed(3, n);
                private static int Fixed([Specialize] int k, int n) => n == 0 ? 0 : Fixed(k, n - 1);
            """);
        Assert.Contains("private static int Fixed_3(int n) => n == 0 ? 0 : Fixed_3(n - 1);", text);
    }

    [Fact]
    public void Nested_types_and_properties_are_specialised()
    {
        Sample.AssertText(
            """
            private static int Size => 8;

            /// <summary>Panel.</summary>
            private struct Panel
            {
                // Numbers.
                public fixed float Values[8];
                public int Rows;

                public int Area() => Rows * 8;
            }

            public static int Run(Panel* p) => p->Area() + Size;
            """,
            Sample.Members(
                """
                    const int Rows = 2; const int Lanes = 8;

                    private static int Size => Lanes;

                    /// <summary>Panel.</summary>
                    private struct Panel
                    {
                        // Numbers.
                        public fixed float Values[Lanes];
                        public int Rows;

                        public int Area() => Rows * Lanes;
                    }

                    public static int Run(Panel* p) => p->Area() + Size;
                """));
    }
}
