"""Times the two products of experts on one CUDA device: our kernels and Triton's fused MoE kernel, bf16, one after the other.

    FUSED_MOE=fused_moe.py python3 benchmarks/peers/triton_experts.py bench/KernelGen.Ilgpu.Benchmarks [--tokens 1,4096]

FUSED_MOE names a file that has vLLM's or sglang's `fused_moe_kernel`, whose text this takes out; nothing else of it runs. The program
is published as docs/performance.md says. Triton gets the faster of some tiles for each product: those that its public files for the
H200 name for these shapes, and their neighbours. Both sides replay a graph of several calls with other routes each, once after a rest
of 300 ms, and once after a second of load, when the card's power limits its clocks.
"""
import argparse
import ast
import concurrent.futures
import importlib.util
import os
import pathlib
import subprocess
import tempfile
import time

MODELS = {"Mixtral 8x7B tp2": (8, 2, 4096, 7168), "Qwen3 30B-A3B": (128, 8, 2048, 768), "DeepSeek V3 tp8": (256, 8, 7168, 256)}
TOKENS = [1, 16, 64, 256, 1024, 4096, 8192]

# BLOCK_SIZE_M, N, K, GROUP_SIZE_M, num_warps, num_stages.
FEW = [(16, 64, 64, 1, 4, 5), (16, 64, 128, 1, 4, 4), (16, 128, 64, 1, 4, 5), (16, 128, 128, 1, 4, 5), (16, 128, 128, 16, 4, 4), (16, 64, 256, 1, 4, 3)]
SOME = [(16, 128, 128, 1, 4, 3), (16, 256, 128, 1, 8, 2), (32, 64, 128, 1, 4, 4), (32, 128, 128, 1, 4, 4), (32, 256, 128, 16, 4, 2), (64, 128, 128, 1, 8, 4), (64, 128, 64, 1, 4, 3)]
MANY = [(64, 128, 64, 1, 4, 3), (64, 256, 64, 1, 4, 4), (128, 128, 64, 16, 4, 4), (128, 256, 64, 1, 8, 4), (128, 256, 64, 16, 8, 4), (128, 256, 64, 64, 8, 4), (128, 256, 64, 16, 8, 3)]


def tiles(tokens):
    return FEW if tokens <= 16 else FEW[3:] + SOME if tokens <= 64 else SOME + MANY if tokens <= 256 else MANY


def kernel():
    """The kernel, in a module that has nothing but it and what it calls."""
    global _kernel
    if "_kernel" not in globals():
        source = pathlib.Path(os.environ["FUSED_MOE"]).read_text()
        wanted = [node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef) and node.name in ("write_zeros_to_output", "fused_moe_kernel")]
        lines = source.splitlines()
        path = pathlib.Path(tempfile.mkdtemp(), "peer_kernel.py")
        text = ["import triton", "import triton.language as tl"]
        for node in wanted:
            text += lines[node.decorator_list[0].lineno - 1:node.end_lineno]
        path.write_text("\n".join(text) + "\n")
        spec = importlib.util.spec_from_file_location("peer_kernel", path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        _kernel = module.fused_moe_kernel
    return _kernel


def arguments(model, tokens, tile, is_down, a, b, c, weights, aligned):
    """The kernel's arguments, its meta-parameters and its grid for one product."""
    import triton.language as tl
    _, top_k, hidden, intermediate = MODELS[model]
    columns, reduction = (hidden, intermediate) if is_down else (2 * intermediate, hidden)
    slots, block_m = tokens * top_k, tile[0]
    sorted_slots, block_experts, padded, longest = aligned
    longest = min(longest, slots * block_m)
    positional = [a, b, c, None, None, weights, sorted_slots, block_experts, padded, columns, reduction, longest, slots,
                  reduction, 1, columns * reduction, 1, reduction, columns, 1, 0, 0, 0, 0, 0]
    meta = dict(group_n=0, group_k=0, BLOCK_SIZE_M=block_m, BLOCK_SIZE_N=tile[1], BLOCK_SIZE_K=tile[2], GROUP_SIZE_M=tile[3], MUL_ROUTED_WEIGHT=is_down,
                top_k=1 if is_down else top_k, compute_type=tl.bfloat16, use_fp8_w8a8=False, use_int8_w8a8=False, use_int8_w8a16=False, per_channel_quant=False,
                num_warps=tile[4], num_stages=tile[5])
    names = kernel().arg_names
    meta = {key: value for key, value in meta.items() if key in names or key.startswith("num_")}
    return positional, meta, (-(-longest // block_m) * -(-columns // tile[1]),)


def compile_one(work):
    """In a process of its own: leaves the kernel in Triton's cache."""
    import torch
    model, tokens, tile, is_down = work
    half, numbers, whole = (torch.empty(64, dtype=kind, device="cuda") for kind in (torch.bfloat16, torch.float32, torch.int32))
    experts, top_k = MODELS[model][:2]
    slots = tokens * top_k
    longest = (slots + min(experts, slots) * (tile[0] - 1) + tile[0] - 1) // tile[0] * tile[0]
    positional, meta, grid = arguments(model, tokens, tile, is_down, half, half, half, numbers, (whole, whole, whole, longest))
    kernel().warmup(*positional, grid=grid, **meta)


def align(ids, experts, block_m):
    """Slots in the order of their experts, each expert's padded to whole blocks with an invalid slot number."""
    import torch
    flat = ids.flatten().long()
    count = torch.bincount(flat, minlength=experts)
    padded = (count + block_m - 1) // block_m * block_m
    start, first = padded.cumsum(0) - padded, count.cumsum(0) - count
    order = torch.argsort(flat, stable=True)
    longest = (flat.numel() + min(experts, flat.numel()) * (block_m - 1) + block_m - 1) // block_m * block_m
    result = torch.full((longest,), flat.numel(), dtype=torch.int32, device="cuda")
    result[start[flat[order]] + torch.arange(flat.numel(), device="cuda") - first[flat[order]]] = order.int()
    blocks = torch.repeat_interleave(torch.arange(experts, device="cuda"), padded // block_m).int()
    return result, torch.nn.functional.pad(blocks, (0, longest // block_m - blocks.numel())), padded.sum().int().reshape(1), longest


def triton_times(models, token_counts):
    """Rested and loaded microseconds of both GEMMs by model and tokens."""
    import torch
    work = [(model, tokens, tile, is_down) for model in models for tokens in token_counts for tile in tiles(tokens) for is_down in (False, True)]
    with concurrent.futures.ProcessPoolExecutor(os.cpu_count()) as pool:
        for _ in pool.map(compile_one, work, chunksize=4):
            pass
    result = {}
    for model in models:
        experts, top_k, hidden, intermediate = MODELS[model]
        gate_up = torch.empty(experts, 2 * intermediate, hidden, dtype=torch.bfloat16, device="cuda").normal_(0, hidden ** -0.5)
        down = torch.empty(experts, hidden, intermediate, dtype=torch.bfloat16, device="cuda").normal_(0, intermediate ** -0.5)
        for tokens in token_counts:
            calls = 16 if tokens <= 256 else 4
            states = torch.randn(tokens, hidden, device="cuda").bfloat16()
            between = torch.randn(tokens * top_k, intermediate, device="cuda").bfloat16()
            weights = torch.rand(tokens * top_k, device="cuda")
            routes = [torch.rand(tokens, experts, device="cuda").topk(top_k).indices for _ in range(calls)]
            output = torch.empty(tokens * top_k, max(2 * intermediate, hidden), dtype=torch.bfloat16, device="cuda")

            def graph(tile_of_product):
                sides = [(tile, is_down, [align(ids, experts, tile[0]) for ids in routes]) for is_down, tile in tile_of_product]

                def launch(call):
                    for tile, is_down, aligned in sides:
                        a, b = (between, down) if is_down else (states, gate_up)
                        positional, meta, grid = arguments(model, tokens, tile, is_down, a, b, output, weights, aligned[call])
                        kernel()[grid](*positional, **meta)

                launch(0)
                if not check(*sides[0]):
                    raise SystemExit(f"Triton's product of {model}, {tokens} tokens, {sides[0][0]} is wrong")
                torch.cuda.synchronize()
                recorded = torch.cuda.CUDAGraph()
                with torch.cuda.graph(recorded):
                    for call in range(calls):
                        launch(call)
                return recorded, sides

            def check(tile, is_down, aligned):
                """The last slot of the first call, of the last launch, against PyTorch."""
                a, b = (between, down) if is_down else (states, gate_up)
                positional, meta, grid = arguments(model, tokens, tile, is_down, a, b, output, weights, aligned[0])
                output.fill_(float("nan"))
                kernel()[grid](*positional, **meta)
                slot = tokens * top_k - 1
                row = a[slot if is_down else slot // top_k].float() @ b[routes[0].flatten()[slot]].float().T * (weights[slot] if is_down else 1)
                got = output.flatten()[slot * row.numel():(slot + 1) * row.numel()].float()
                return bool((got - row).norm() < 1e-2 * row.norm())

            def sample(recorded):
                torch.cuda.synchronize()
                start = time.perf_counter()
                recorded.replay()
                torch.cuda.synchronize()
                return (time.perf_counter() - start) * 1e6 / calls

            def median(recorded, before=lambda: None, count=9):
                return sorted((before(), sample(recorded))[1] for _ in range(count))[count // 2]

            best = []
            for is_down in (False, True):
                graphs = []
                for tile in tiles(tokens):
                    try:
                        graphs.append((median(graph([(is_down, tile)])[0], count=5), tile))
                    except Exception as e:  # a tile that needs more shared memory than there is
                        if "out of resource" not in str(e):
                            raise
                best.append((is_down, min(graphs)[1]))
            recorded, _ = graph(best)
            rested = median(recorded, lambda: time.sleep(0.3))
            start = time.perf_counter()
            while time.perf_counter() - start < 1:
                sample(recorded)
            result[model, tokens] = rested, median(recorded), best
        del gate_up, down
    return result


def our_times(program):
    lines = subprocess.run([program, "products"], check=True, capture_output=True, text=True).stdout.splitlines()
    rows = [line.split(", ") for line in lines if line.startswith("products, ")]
    return {(name, int(tokens)): (float(rested), float(loaded)) for _, name, tokens, rested, loaded in rows}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--tokens", default=",".join(map(str, TOKENS)))
    options = parser.parse_args()
    ours = our_times(options.program)
    theirs = triton_times(list(MODELS), [int(tokens) for tokens in options.tokens.split(",")])
    print("| model | tokens | rested: KernelGen | Triton | ÷ | under load: KernelGen | Triton | ÷ | Triton's tiles |\n|---|---|---|---|---|---|---|---|---|")
    for (model, tokens), (rested, loaded, best) in theirs.items():
        our_rested, our_loaded = ours[model, tokens]
        names = ", ".join("x".join(map(str, tile)) for _, tile in best)
        print(f"| {model} | {tokens} | {our_rested:.1f} | {rested:.1f} | {rested / our_rested:.2f} | {our_loaded:.1f} | {loaded:.1f} | {loaded / our_loaded:.2f} | {names} |")
