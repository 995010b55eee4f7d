/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */

/* Chooses the instruction set and hands each call to it. OFS_HAS_ names are of sets that only newer
 * compilers know; CMakeLists.txt defines them where they are built. */
#include "table.h"

#if defined(__x86_64__)
#include <cpuid.h>

static int has_f16c(void) {
    unsigned a, b, c, d;
    return __get_cpuid(1, &a, &b, &c, &d) && (c & bit_F16C);
}

static int has_avx2(void) {
    /* These builtins also ask whether the operating system keeps the registers. */
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && has_f16c();
}

static int has_avx512(void) {
    return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
}

#if defined(OFS_HAS_AVX512VNNI)
static int has_avx512vnni(void) { return has_avx512() && __builtin_cpu_supports("avx512vnni"); }
#endif

#if defined(OFS_HAS_AVX512BF16)
/* Leaf 7, subleaf 1: compilers know it by name from GCC 11 on only. No processor has it without the
 * dot product of bytes. */
static int has_avx512bf16(void) {
    unsigned a, b, c, d;
    return has_avx512vnni() && __get_cpuid_count(7, 1, &a, &b, &c, &d) && (a >> 5 & 1);
}
#endif
#endif

#if defined(OFS_HAS_NEONDOT)
#if defined(__linux__)
#include <sys/auxv.h>

/* The dot product of NEON: HWCAP_ASIMDDP, which old headers lack. */
static int has_dot(void) { return (getauxval(AT_HWCAP) >> 20) & 1; }
#elif defined(__APPLE__)
static int has_dot(void) { return 1; } /* all of them */
#else
static int has_dot(void) { return 0; } /* not known */
#endif
#endif

typedef struct {
    const char *name;
    const ofs_table *table;
    const ofs_int8_table *int8;
    const ofs_rounded_table *rounded;
} instruction_set;

enum { MOST_SETS = 5 };

static instruction_set sets[MOST_SETS];
static int32_t set_count;
static const ofs_table *selected = &ofs_table_generic;
static const ofs_int8_table *selected_int8 = &ofs_int8_generic;
static const ofs_rounded_table *selected_rounded = &ofs_rounded_generic;

static void add_set(const char *name, const ofs_table *table, const ofs_int8_table *int8,
                    const ofs_rounded_table *rounded) {
    sets[set_count++] = (instruction_set){name, table, int8, rounded};
}

/* Runs when the library is loaded, before any call. */
__attribute__((constructor)) static void find_sets(void) {
#if defined(__x86_64__)
    __builtin_cpu_init();
#if defined(OFS_HAS_AVX512BF16)
    if (has_avx512bf16()) {
        add_set("avx512bf16", &ofs_table_avx512, &ofs_int8_avx512vnni, &ofs_rounded_avx512bf16);
    }
#endif
#if defined(OFS_HAS_AVX512VNNI)
    if (has_avx512vnni()) {
        add_set("avx512vnni", &ofs_table_avx512, &ofs_int8_avx512vnni, &ofs_rounded_avx512);
    }
#endif
    if (has_avx512()) {
        add_set("avx512", &ofs_table_avx512, &ofs_int8_avx512, &ofs_rounded_avx512);
    }
    if (has_avx2()) add_set("avx2", &ofs_table_avx2, &ofs_int8_avx2, &ofs_rounded_avx2);
#elif defined(__aarch64__)
#if defined(OFS_HAS_NEONDOT)
    if (has_dot()) {
        add_set("neondot", &ofs_table_neon, &ofs_int8_neondot, &ofs_rounded_neon);
    }
#endif
    add_set("neon", &ofs_table_neon, &ofs_int8_neon, &ofs_rounded_neon);
#endif
    add_set("generic", &ofs_table_generic, &ofs_int8_generic, &ofs_rounded_generic);
    ofs_isa_select(0);
}

int32_t ofs_abi_version(void) { return OFS_ABI_VERSION; }

int32_t ofs_isa_count(void) { return set_count; }

const char *ofs_isa_name(int32_t index) { return sets[index].name; }

void ofs_isa_select(int32_t index) {
    selected = sets[index].table;
    selected_int8 = sets[index].int8;
    selected_rounded = sets[index].rounded;
}

void ofs_linear(const float *x, int32_t rows, int32_t in, const void *weight, int32_t weight_type,
                const void *bias, int32_t bias_type, float *y, int64_t y_stride, int32_t out_begin,
                int32_t out_end) {
    selected->linear(x, rows, in, weight, weight_type, bias, bias_type, y, y_stride, out_begin,
                     out_end);
}

void ofs_linear_scaled(const float *x, int32_t rows, int32_t in, const void *weight,
                       const float *scales, const void *bias, int32_t bias_type, float *y,
                       int64_t y_stride, int32_t out_begin, int32_t out_end) {
    selected->linear_scaled(x, rows, in, weight, scales, bias, bias_type, y, y_stride, out_begin,
                            out_end);
}

void ofs_quantize_rows(const float *x, int32_t rows, int32_t in, void *y) {
    selected_int8->quantize_rows(x, rows, in, y);
}

void ofs_linear_int8(const void *x, int32_t rows, int32_t in, const void *weight,
                     int32_t weight_type, const void *bias, int32_t bias_type, float *y,
                     int64_t y_stride, int32_t out_begin, int32_t out_end) {
    selected_int8->linear_int8(x, rows, in, weight, weight_type, bias, bias_type, y, y_stride,
                               out_begin, out_end);
}

void ofs_linear_packed(const float *x, int32_t rows, int32_t in, const void *weight,
                       const void *escapes, int32_t first_row, const void *bias, int32_t bias_type,
                       float *y, int64_t y_stride, int32_t out_begin, int32_t out_end) {
    selected->linear_packed(x, rows, in, weight, escapes, first_row, bias, bias_type, y, y_stride,
                            out_begin, out_end);
}

int32_t ofs_rounded_bytes(void) { return selected_rounded->bytes; }

void ofs_round(const float *x, int64_t count, void *y) { selected_rounded->round(x, count, y); }

void ofs_linear_rounded(const void *x, int32_t rows, int32_t in, const void *weight,
                        const void *escapes, int32_t first_row, const void *bias,
                        int32_t bias_type, float *y, int64_t y_stride, int32_t out_begin,
                        int32_t out_end) {
    selected_rounded->linear(x, rows, in, weight, escapes, first_row, bias, bias_type, y, y_stride,
                             out_begin, out_end);
}

void ofs_linear_transposed(const float *x, int32_t rows, int32_t in, int32_t out,
                           const void *weight, int32_t weight_type, const void *bias,
                           int32_t bias_type, float *y, int32_t out_begin, int32_t out_end) {
    selected->linear_transposed(x, rows, in, out, weight, weight_type, bias, bias_type, y,
                                out_begin, out_end);
}

void ofs_rms_norm(const float *x, int32_t rows, int32_t width, const void *weight,
                  int32_t weight_type, float eps, float *y) {
    selected->rms_norm(x, rows, width, weight, weight_type, eps, y);
}

void ofs_layer_norm(const float *x, int32_t rows, int32_t width, const void *weight,
                    const void *bias, int32_t type, float eps, float *y) {
    selected->layer_norm(x, rows, width, weight, bias, type, eps, y);
}

void ofs_rope(float *x, int32_t rows, int32_t heads, int32_t head_dim, int32_t half_dim,
              const float *cos, const float *sin, int32_t interleaved) {
    selected->rope(x, rows, heads, head_dim, half_dim, cos, sin, interleaved);
}

void ofs_store_kv(const float *x, int32_t rows, int32_t kv_heads, int32_t head_dim,
                  const int64_t *targets, int64_t offset_bytes, int64_t head_stride_bytes,
                  int32_t kv_type) {
    selected->store_kv(x, rows, kv_heads, head_dim, targets, offset_bytes, head_stride_bytes,
                       kv_type);
}

void ofs_attention(const float *q, int32_t heads, int32_t kv_heads, int32_t head_dim, float scale,
                   const int32_t *row_sequence, const int32_t *row_slot, const int64_t *pages,
                   int32_t max_pages, int64_t layer_offset_bytes, int64_t value_offset_bytes,
                   int32_t page_tokens, int32_t kv_type, const uint8_t *mask, int64_t mask_stride,
                   int32_t window, float *y, int64_t item_begin, int64_t item_end) {
    selected->attention(q, heads, kv_heads, head_dim, scale, row_sequence, row_slot, pages,
                        max_pages, layer_offset_bytes, value_offset_bytes, page_tokens, kv_type,
                        mask, mask_stride, window, y, item_begin, item_end);
}

void ofs_activate(int32_t activation, const float *x, int64_t count, float *y) {
    selected->activate(activation, x, count, y);
}

void ofs_activate_multiply(int32_t activation, const float *gate, const float *up, int64_t count,
                           float *y) {
    selected->activate_multiply(activation, gate, up, count, y);
}

void ofs_add(float *target, const float *x, int64_t count) { selected->add(target, x, count); }

void ofs_top(const float *x, int32_t count, int32_t begin, int32_t wanted, float *values,
             int32_t *places) {
    selected->top(x, count, begin, wanted, values, places);
}

void ofs_gather(const int64_t *addresses, int32_t rows, int32_t width, int32_t type, float *y) {
    selected->gather(addresses, rows, width, type, y);
}

void ofs_gather_packed(const int64_t *addresses, const int64_t *numbers, const void *escapes,
                       int32_t rows, int32_t width, float *y) {
    selected->gather_packed(addresses, numbers, escapes, rows, width, y);
}

float ofs_probe_read(const void *from, int64_t bytes) { return selected->probe_read(from, bytes); }

int64_t ofs_probe_fma(int64_t rounds, float *result) { return selected->probe_fma(rounds, result); }
