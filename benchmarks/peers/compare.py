"""Runs `kernelgen bench` and the peers that are installed, one after the other on the same machine, and prints the ratios.

    benchmarks/peers/compare.py [moe|moe-bf16|gate ...] [--rounds N] [--tokens 1,8,...]      (all kinds without an argument)

A shared machine's memory is now fast, now slow. With rounds everything runs N times in turn, and medians of the rounds'
medians are compared.

Peers: ONNX Runtime where `npm install --ignore-scripts onnxruntime-node` was run in the current directory, PyTorch where
Debian's python3-torch and libopenblas0-openmp are, ggml where the variable GGML_HOME names an installation with static
libraries (`cmake -DBUILD_SHARED_LIBS=OFF -DGGML_NATIVE=ON`). What is missing is left out, and said.
"""
import argparse
import functools
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).parent
TOOL = HERE.parents[1] / "tools" / "KernelGen.Tool"
LAYERS = [(8, 2, 1024, 1792), (32, 4, 1024, 768), (128, 8, 2048, 384)]
GATES = [(384, 6, "sigmoid-bias"), (256, 8, "sigmoid-bias"), (128, 8, "softmax"), (8, 2, "softmax")]
LAYER_TOKENS, GATE_TOKENS = "1,8,64,512", "1,64,512,4096"


def kernelgen(arguments):
    """Median and best microseconds of the specialised variant, by token count."""
    with tempfile.TemporaryDirectory() as directory:
        report = pathlib.Path(directory, "rows.json")
        subprocess.run(
            ["dotnet", "run", "-c", "Release", "-f", "net10.0", "--project", TOOL, "--", "bench", *arguments, "--json", report],
            check=True, stdout=subprocess.DEVNULL)
        rows = json.loads(report.read_text())["rows"]
    return {row["tokens"]: row for row in rows if row["form"] == "specialised"}


@functools.cache
def ggml_peer():
    """The program that times ggml, built where GGML_HOME says what to build it with."""
    home = os.environ.get("GGML_HOME")
    if not home:
        return "ggml (GGML_HOME)"
    program = pathlib.Path(tempfile.mkdtemp(), "ggml_peer")
    subprocess.run(
        ["g++", "-O2", "-std=c++17", HERE / "ggml_peer.cpp", f"-I{home}/include", f"-L{home}/lib", "-lggml", "-lggml-cpu", "-lggml-base", "-fopenmp", "-ldl", "-lpthread", "-o", program],
        check=True)
    return program


def peers(arguments, names=("ONNX Runtime", "PyTorch", "ggml")):
    commands = {
        "ONNX Runtime": ["node", HERE / "onnxruntime-peer.mjs"],
        "PyTorch": ["/usr/bin/python3", HERE / "torch_peer.py"],
        "ggml": [ggml_peer()],
    }
    for name in names:
        command = commands[name]
        if not shutil.which(str(command[0])):
            print(f"{name}: {command[0]} is not installed", file=sys.stderr)
            continue
        run = subprocess.run([*command, *arguments], capture_output=True, text=True)
        if run.returncode != 0:
            print(f"{name} left out: {run.stderr.strip().splitlines()[-1] if run.stderr.strip() else 'it failed'}", file=sys.stderr)
            continue
        yield name, {row["tokens"]: row for row in map(json.loads, run.stdout.splitlines())}


def median(values):
    return sorted(values)[len(values) // 2]


def compare(title, rounds, measure_ours, measure_peers):
    """Runs everything in turn and prints a line for each peer and token count."""
    ours, theirs = {}, {}
    for _ in range(rounds):
        for tokens, row in measure_ours().items():
            ours.setdefault(tokens, []).append(row)
        for name, rows in measure_peers():
            for tokens, row in rows.items():
                theirs.setdefault((name, tokens), []).append(row)

    for (name, tokens), rows in theirs.items():
        mine, peer = ((median([row["medianUs"] for row in each]), min(row["minUs"] for row in each)) for each in (ours[tokens], rows))
        print(
            f"{title:<28}{tokens:>6}  {mine[0]:>10.1f} / {mine[1]:<10.1f}{name:>14} {peer[0]:>10.1f} / {peer[1]:<10.1f}"
            f"{peer[0] / mine[0]:>6.2f}x / {peer[1] / mine[1]:.2f}x", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kinds", nargs="*", metavar="moe|moe-bf16|gate")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--tokens")
    options = parser.parse_args()
    kinds = options.kinds or ["moe", "moe-bf16", "gate"]
    layer_tokens, gate_tokens = options.tokens or LAYER_TOKENS, options.tokens or GATE_TOKENS
    print(f"{'work':<28}{'T':>6}  {'KernelGen us, median / best':<25}{'peer':>12}  us, median / best   peer / KernelGen")
    for kind, weights, names in [("moe", "f32", ("ONNX Runtime", "PyTorch", "ggml")), ("moe-bf16", "bf16", ("ggml",))]:
        if kind not in kinds:
            continue
        for experts, top_k, hidden, intermediate in LAYERS:
            shape = [str(experts), str(top_k), str(hidden), str(intermediate)]
            ours = ["moe", "--experts", shape[0], "--top-k", shape[1], "--hidden", shape[2], "--intermediate", shape[3], "--weights", weights, "--split-k", "1", "--tokens", layer_tokens]
            theirs = ["moe", *shape, layer_tokens, *([] if weights == "f32" else [weights])]
            compare(f"{kind} {experts}/{top_k} {hidden}x{intermediate}", options.rounds, lambda: kernelgen(ours), lambda: peers(theirs, names))
    if "gate" in kinds:
        for experts, top_k, scoring in GATES:
            ours = ["gate", "--experts", str(experts), "--top-k", str(top_k), *(["--scoring", "sigmoid", "--bias"] if scoring == "sigmoid-bias" else []), "--tokens", gate_tokens]
            theirs = ["gate", str(experts), str(top_k), scoring, gate_tokens]
            compare(f"gate {experts}/{top_k} {scoring}", options.rounds, lambda: kernelgen(ours), lambda: peers(theirs))


main()
