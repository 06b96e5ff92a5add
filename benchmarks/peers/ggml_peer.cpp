// Times ggml on one shape and prints one JSON line for each token count.
//
//     ggml_peer moe EXPERTS TOPK HIDDEN INTERMEDIATE TOKENS,... [f32|bf16]
//     ggml_peer gate EXPERTS TOPK sigmoid-bias|softmax TOKENS,...
//
// Links the static libraries of an installed ggml; compare.py builds it where GGML_HOME names one.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "ggml-cpu.h"
#include "ggml.h"

static std::mt19937 generator(7);

static void fill_normal(ggml_tensor * tensor, float scale) {
    std::normal_distribution<float> normal(0.0f, scale);
    const int64_t count = ggml_nelements(tensor);
    for (int64_t i = 0; i < count; i++) {
        const float value = normal(generator);
        if (tensor->type == GGML_TYPE_F32) {
            ((float *) tensor->data)[i] = value;
        } else {
            ((ggml_bf16_t *) tensor->data)[i] = ggml_fp32_to_bf16(value);
        }
    }
}

// Medians of calls whose inputs rotate, as the other peers measure them.
static void measure(const char * kind, int tokens, ggml_cgraph * graph, int threads, const std::function<void()> & rotate) {
    ggml_cplan plan = ggml_graph_plan(graph, threads, nullptr);
    std::vector<uint8_t> work(plan.work_size);
    plan.work_data = work.data();

    using clock = std::chrono::steady_clock;
    std::vector<double> times;
    const auto end = clock::now() + std::chrono::seconds(4);
    for (int call = 0; call < 10 || (clock::now() < end && times.size() < 2000); call++) {
        rotate();
        const auto start = clock::now();
        ggml_graph_compute(graph, &plan);
        if (call >= 3) {
            times.push_back(std::chrono::duration<double, std::micro>(clock::now() - start).count());
        }
    }

    std::sort(times.begin(), times.end());
    printf("{\"peer\": \"ggml\", \"kind\": \"%s\", \"tokens\": %d, \"minUs\": %.2f, \"medianUs\": %.2f}\n", kind, tokens, times.front(), times[times.size() / 2]);
    fflush(stdout);
}

static ggml_context * context(size_t bytes) {
    ggml_init_params parameters = { bytes, nullptr, false };
    return ggml_init(parameters);
}

static void layer(int experts, int top_k, int hidden, int intermediate, int tokens, ggml_type type, int threads) {
    const size_t matrix = (size_t) hidden * intermediate * ggml_type_size(type);
    const size_t states = (size_t) tokens * top_k * (4 * (size_t) intermediate + 4 * (size_t) hidden) * sizeof(float);
    ggml_context * ctx = context(3 * experts * matrix + 2 * states + ((size_t) 64 << 20));
    ggml_tensor * gate = ggml_new_tensor_3d(ctx, type, hidden, intermediate, experts);
    ggml_tensor * up = ggml_new_tensor_3d(ctx, type, hidden, intermediate, experts);
    ggml_tensor * down = ggml_new_tensor_3d(ctx, type, intermediate, hidden, experts);
    ggml_tensor * x = ggml_new_tensor_3d(ctx, GGML_TYPE_F32, hidden, 1, tokens);
    ggml_tensor * ids = ggml_new_tensor_2d(ctx, GGML_TYPE_I32, top_k, tokens);
    ggml_tensor * weights = ggml_new_tensor_3d(ctx, GGML_TYPE_F32, 1, top_k, tokens);
    for (ggml_tensor * tensor : { gate, up, down }) {
        fill_normal(tensor, 0.03f);
    }
    fill_normal(x, 1.0f);
    fill_normal(weights, 0.5f);

    ggml_tensor * activated = ggml_swiglu_split(ctx, ggml_mul_mat_id(ctx, gate, x, ids), ggml_mul_mat_id(ctx, up, x, ids));
    ggml_tensor * outputs = ggml_mul(ctx, ggml_mul_mat_id(ctx, down, activated, ids), weights);
    ggml_tensor * sum = ggml_view_2d(ctx, outputs, hidden, tokens, outputs->nb[2], 0);
    for (int j = 1; j < top_k; j++) {
        sum = ggml_add(ctx, sum, ggml_view_2d(ctx, outputs, hidden, tokens, outputs->nb[2], j * outputs->nb[1]));
    }
    ggml_cgraph * graph = ggml_new_graph(ctx);
    ggml_build_forward_expand(graph, sum);

    std::vector<int> all(experts);
    for (int e = 0; e < experts; e++) {
        all[e] = e;
    }
    measure("moe", tokens, graph, threads, [&] {
        for (int t = 0; t < tokens; t++) {
            for (int j = 0; j < top_k; j++) {
                std::swap(all[j], all[j + generator() % (experts - j)]);
                ((int32_t *) ids->data)[t * top_k + j] = all[j];
            }
        }
    });
    ggml_free(ctx);
}

static void router(int experts, int top_k, bool biased, int tokens, int threads) {
    const int sets = std::clamp(8192 / tokens, 3, 64);
    const size_t logits_bytes = (size_t) experts * tokens * sizeof(float);
    ggml_context * ctx = context(12 * logits_bytes + ((size_t) 16 << 20));
    ggml_tensor * logits = ggml_new_tensor_2d(ctx, GGML_TYPE_F32, experts, tokens);
    ggml_tensor * bias = ggml_new_tensor_1d(ctx, GGML_TYPE_F32, experts);
    fill_normal(bias, 0.1f);
    std::normal_distribution<float> normal;
    std::vector<std::vector<float>> inputs(sets, std::vector<float>((size_t) experts * tokens));
    for (auto & input : inputs) {
        for (float & value : input) {
            value = normal(generator);
        }
    }

    ggml_tensor * scores = biased ? ggml_sigmoid(ctx, logits) : ggml_soft_max(ctx, logits);
    ggml_tensor * ids = ggml_top_k(ctx, biased ? ggml_add(ctx, scores, bias) : scores, top_k);
    ggml_tensor * chosen = ggml_get_rows(ctx, ggml_reshape_3d(ctx, scores, 1, experts, tokens), ids);
    ggml_tensor * flat = ggml_reshape_2d(ctx, chosen, top_k, tokens);
    ggml_tensor * weights = ggml_div(ctx, flat, ggml_sum_rows(ctx, flat));
    ggml_cgraph * graph = ggml_new_graph(ctx);
    ggml_build_forward_expand(graph, weights);

    size_t call = 0;
    measure("gate", tokens, graph, threads, [&] { memcpy(logits->data, inputs[call++ % sets].data(), logits_bytes); });
    ggml_free(ctx);
}

int main(int count, char ** arguments) {
    if (count < 6) {
        fprintf(stderr, "usage: ggml_peer moe E k H I TOKENS,... [f32|bf16] | gate E k sigmoid-bias|softmax TOKENS,...\n");
        return 2;
    }
    const char * threads_variable = getenv("THREADS");
    const int threads = threads_variable ? atoi(threads_variable) : 2;
    const bool is_layer = strcmp(arguments[1], "moe") == 0;
    const int experts = atoi(arguments[2]), top_k = atoi(arguments[3]);
    const ggml_type type = is_layer && count > 7 && strcmp(arguments[7], "bf16") == 0 ? GGML_TYPE_BF16 : GGML_TYPE_F32;
    ggml_cpu_init();
    std::stringstream token_counts(arguments[is_layer ? 6 : 5]);
    for (std::string tokens; std::getline(token_counts, tokens, ',');) {
        if (is_layer) {
            layer(experts, top_k, atoi(arguments[4]), atoi(arguments[5]), std::stoi(tokens), type, threads);
        } else {
            router(experts, top_k, strcmp(arguments[4], "sigmoid-bias") == 0, std::stoi(tokens), threads);
        }
    }
    return 0;
}
