// Kernels occupy every processor themselves, and one test counts what a call allocates beside the shared workspaces.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
