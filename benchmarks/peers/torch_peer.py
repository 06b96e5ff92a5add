"""Times PyTorch on one shape and prints one JSON line for each token count.

    torch_peer.py moe EXPERTS TOPK HIDDEN INTERMEDIATE TOKENS,...
    torch_peer.py gate EXPERTS TOPK sigmoid-bias|softmax TOKENS,...

Needs Debian's python3-torch with libopenblas0-openmp; without OpenBLAS it links the reference BLAS and is not a fair peer.
"""
import json
import os
import sys
import time

import torch


def measure(kind, token_counts, prepare, run):
    for tokens in token_counts:
        inputs = [prepare(tokens) for _ in range(max(3, min(64, -(-8192 // tokens))))]
        for item in inputs[:3]:
            run(*item)
        times = []
        end = time.perf_counter() + 4
        while len(times) < 7 or (time.perf_counter() < end and len(times) < 2000):
            start = time.perf_counter()
            run(*inputs[len(times) % len(inputs)])
            times.append((time.perf_counter() - start) * 1e6)
        times.sort()
        print(json.dumps({"peer": f"pytorch {torch.__version__}", "kind": kind, "tokens": tokens, "minUs": times[0], "medianUs": times[len(times) // 2]}), flush=True)


def experts_layer(experts, top_k, hidden, intermediate):
    gate_up = torch.randn(experts, 2 * intermediate, hidden) * 0.03
    down = torch.randn(experts, hidden, intermediate) * 0.03

    def prepare(tokens):
        ids = torch.stack([torch.randperm(experts)[:top_k] for _ in range(tokens)])
        return torch.randn(tokens, hidden), torch.softmax(torch.randn(tokens, top_k), 1), ids

    def run(states, weights, ids):
        output = torch.zeros_like(states)
        for expert in ids.unique().tolist():
            token, slot = (ids == expert).nonzero(as_tuple=True)
            gate, up = torch.nn.functional.linear(states[token], gate_up[expert]).chunk(2, 1)
            result = torch.nn.functional.linear(torch.nn.functional.silu(gate) * up, down[expert])
            output.index_add_(0, token, result * weights[token, slot, None])
        return output

    return prepare, run


def gate(experts, top_k, biased):
    bias = torch.randn(experts) * 0.1

    def run(logits):
        scores = torch.sigmoid(logits) if biased else torch.softmax(logits, 1)
        ids = torch.topk(scores + bias if biased else scores, top_k, 1).indices
        weights = scores.gather(1, ids)
        return weights / weights.sum(1, keepdim=True), ids

    return lambda tokens: (torch.randn(tokens, experts),), run


def main():
    torch.set_num_threads(int(os.environ.get("THREADS", "2")))
    kind, experts, top_k, *rest = sys.argv[1:]
    if kind == "moe":
        prepare, run = experts_layer(int(experts), int(top_k), int(rest[0]), int(rest[1]))
    else:
        prepare, run = gate(int(experts), int(top_k), rest[0] == "sigmoid-bias")
    with torch.no_grad():
        measure(kind, [int(tokens) for tokens in rest[-1].split(",")], prepare, run)


main()
