// Times ONNX Runtime on one shape and prints one JSON line for each token count.
//   node onnxruntime-peer.mjs moe EXPERTS TOPK HIDDEN INTERMEDIATE TOKENS,…
//   node onnxruntime-peer.mjs gate EXPERTS TOPK sigmoid-bias|softmax TOKENS,…
// Needs: npm install --ignore-scripts onnxruntime-node
import { createRequire } from 'node:module';
import { initializer, model, node } from './onnx.mjs';

const ort = createRequire(`${process.cwd()}/`)('onnxruntime-node');
const [kind, ...rest] = process.argv.slice(2);
const threads = Number(process.env.THREADS ?? 2);
const normal = () => Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
const random = (count, scale) => {
    const values = new Float32Array(count);
    for (let i = 0; i < count; i++) values[i] = (Math.random() - 0.5) * scale;
    return values;
};

async function time(bytes, tokenCounts, feeds) {
    const session = await ort.InferenceSession.create(bytes, { intraOpNumThreads: threads, interOpNumThreads: 1, logSeverityLevel: 3 });
    for (const tokens of tokenCounts) {
        const inputs = Array.from({ length: Math.max(3, Math.min(64, Math.ceil(8192 / tokens))) }, () => feeds(tokens));
        for (const feed of inputs.slice(0, 3)) await session.run(feed);
        const times = [];
        const end = performance.now() + 4000;
        for (let call = 0; call < 7 || (performance.now() < end && call < 2000); call++) {
            const start = performance.now();
            await session.run(inputs[call % inputs.length]);
            times.push((performance.now() - start) * 1000);
        }
        times.sort((a, b) => a - b);
        console.log(JSON.stringify({ peer: `onnxruntime ${ort.env.versions?.node ?? ''}`.trim(), kind, tokens, minUs: times[0], medianUs: times[times.length >> 1] }));
    }
}

if (kind === 'moe') {
    const [experts, topK, hidden, intermediate] = rest.slice(0, 4).map(Number);
    const tokenCounts = rest[4].split(',').map(Number);
    // Gate and up rows interleaved, SwiGLU without its clamps: the same arithmetic as SiluAndMul.
    const attributes = {
        k: topK, activation_type: 'swiglu', swiglu_fusion: 1, normalize_routing_weights: 1, activation_alpha: { float: 1 }, activation_beta: { float: 0 },
    };
    const bytes = model(
        [node('MoE', ['hidden', 'probabilities', 'fc1', '', 'fc2'], ['output'], attributes, 'com.microsoft')],
        [
            initializer('fc1', [experts, 2 * intermediate, hidden], random(experts * 2 * intermediate * hidden, 0.1)),
            initializer('fc2', [experts, hidden, intermediate], random(experts * hidden * intermediate, 0.1)),
        ],
        [['hidden', ['T', hidden]], ['probabilities', ['T', experts]]],
        [['output', ['T', hidden]]]);
    await time(bytes, tokenCounts, tokens => ({
        hidden: new ort.Tensor('float32', random(tokens * hidden, 1), [tokens, hidden]),
        probabilities: new ort.Tensor('float32', Float32Array.from({ length: tokens * experts }, normal), [tokens, experts]),
    }));
} else {
    const [experts, topK] = rest.slice(0, 2).map(Number);
    const biased = rest[2] === 'sigmoid-bias';
    const tokenCounts = rest[3].split(',').map(Number);
    const axes = initializer('axes', [1], BigInt64Array.of(-1n));
    const k = initializer('k', [1], BigInt64Array.of(BigInt(topK)));
    const scores = biased
        ? [node('Sigmoid', ['logits'], ['scores']), node('Add', ['scores', 'bias'], ['keys'])]
        : [node('Softmax', ['logits'], ['scores'], { axis: 1 }), node('Identity', ['scores'], ['keys'])];
    const bytes = model(
        [
            ...scores,
            node('TopK', ['keys', 'k'], ['unused', 'experts'], { axis: 1 }),
            node('GatherElements', ['scores', 'experts'], ['chosen'], { axis: 1 }),
            node('ReduceSum', ['chosen', 'axes'], ['sum'], { keepdims: 1 }),
            node('Div', ['chosen', 'sum'], ['weights']),
        ],
        [axes, k, ...(biased ? [initializer('bias', [experts], random(experts, 0.1))] : [])],
        [['logits', ['T', experts]]],
        [['weights', ['T', topK]], ['experts', ['T', topK], true]]);
    await time(bytes, tokenCounts, tokens => ({
        logits: new ort.Tensor('float32', Float32Array.from({ length: tokens * experts }, normal), [tokens, experts]),
    }));
}
