Console.WriteLine("Built without ILGPU, which this sample is about: -p:KernelGenIlgpu=true restores it from a registry that has it.");
