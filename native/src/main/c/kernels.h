/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */

/*
 * The ABI of the compute kernels. Each call covers a whole matrix, or the range of it that one
 * thread takes; none allocates, locks or writes anything but its result. Kernels.java says the
 * same for Java; KernelLibrary.java maps it.
 *
 * Activations are float32, row-major and dense unless a stride is given; ofs_linear_int8 and
 * ofs_linear_rounded take what ofs_quantize_rows and ofs_round made of them. Weights are F32, F16 or
 * BF16 at any alignment, byte alignment included; ofs_linear takes rows of whole Q8_0 or Q4_0 blocks
 * too (DType.java has their layout). NULL means absent. Accumulation is float32 in an order over the
 * inner dimension that depends on the instruction set alone.
 *
 * Raise OFS_ABI_VERSION (and KernelLibrary.ABI_VERSION) with every change of a signature or of a
 * meaning.
 */
#ifndef OFS_KERNELS_H
#define OFS_KERNELS_H

#include <stdint.h>

#define OFS_ABI_VERSION 7

#if defined(_WIN32)
#define OFS_EXPORT __declspec(dllexport)
#else
#define OFS_EXPORT __attribute__((visibility("default")))
#endif

/* DType.code() of the types that kernels take. */
enum {
    OFS_F32 = 0,
    OFS_F16 = 1,
    OFS_BF16 = 2,
    OFS_F8_E4M3 = 10,
    OFS_Q8_0 = 12,
    OFS_Q4_0 = 13,
    OFS_BF16_PACKED = 14
};

/* Activation.code(). */
enum { OFS_SILU = 0, OFS_GELU_TANH = 1, OFS_GELU_ERF = 2, OFS_RELU = 3 };

/* y[r * y_stride + o] = bias[o] + sum_i x[r][i] w[o][i], out_begin <= o < out_end.
 * x (rows, in), weight (out, in), bias (out) or NULL. */
typedef void ofs_linear_fn(const float *x, int32_t rows, int32_t in, const void *weight,
                           int32_t weight_type, const void *bias, int32_t bias_type, float *y,
                           int64_t y_stride, int32_t out_begin, int32_t out_end);

/* y[r * y_stride + o] = bias[o] + sum_i x[r][i] w[o][i] scales[o / 128][i / 128].
 * x (rows, in), weight (out, in) F8_E4M3, scales (ceil(out / 128), ceil(in / 128)), bias (out) or
 * NULL. */
typedef void ofs_linear_scaled_fn(const float *x, int32_t rows, int32_t in, const void *weight,
                                  const float *scales, const void *bias, int32_t bias_type,
                                  float *y, int64_t y_stride, int32_t out_begin, int32_t out_end);

/* Rows of int8 activations: each block of 32 has one float32 scale, its largest magnitude / 127, and
 * elements round(x / scale), ties to even. A block whose largest magnitude is below 2^-110 becomes
 * zeros; one that has a NaN or an infinity gets NaN for its scale, and so every sum that it is in.
 * How they lie in a row is an instruction set's own matter; a row has OFS_INT8_ROW_BYTES(in). */
enum { OFS_INT8_BLOCKS = 16, OFS_INT8_BLOCK_BYTES = 40 };
#define OFS_INT8_ROW_BYTES(in) \
    (((int64_t)(in) + 32 * OFS_INT8_BLOCKS - 1) / (32 * OFS_INT8_BLOCKS) * OFS_INT8_BLOCKS * \
     OFS_INT8_BLOCK_BYTES)

/* x (rows, in), in a multiple of 32; y rows of OFS_INT8_ROW_BYTES(in), aligned to 4 bytes. */
typedef void ofs_quantize_rows_fn(const float *x, int32_t rows, int32_t in, void *y);

/* y[r * y_stride + o] = bias[o] + sum_b dot_b(r, o) (weight scale of b times x scale of b), where
 * dot_b is the exact sum of the integer products of block b. x rows of ofs_quantize_rows by the same
 * instruction set, weight (out, in) Q8_0 or Q4_0, bias (out) or NULL. */
typedef void ofs_linear_int8_fn(const void *x, int32_t rows, int32_t in, const void *weight,
                                int32_t weight_type, const void *bias, int32_t bias_type, float *y,
                                int64_t y_stride, int32_t out_begin, int32_t out_end);

/* As ofs_linear with the same weight as BF16, bit for bit. weight (out, in) BF16_PACKED, escapes of
 * the tensor that it is a part of, first_row: which row of that tensor output 0 is. PackedBf16.java
 * has the layout of both. */
typedef void ofs_linear_packed_fn(const float *x, int32_t rows, int32_t in, const void *weight,
                                  const void *escapes, int32_t first_row, const void *bias,
                                  int32_t bias_type, float *y, int64_t y_stride, int32_t out_begin,
                                  int32_t out_end);

/* Bytes of an activation that ofs_round makes: 2 where the instruction set multiplies pairs of
 * bfloat16, else 4. */
typedef int32_t ofs_rounded_bytes_fn(void);

/* Rounds activations to bfloat16, to nearest even; NaN stays NaN. x (count), y (count) of
 * ofs_rounded_bytes each: bfloat16, or the same values as float32. */
typedef void ofs_round_fn(const float *x, int64_t count, void *y);

/* As ofs_linear or, if escapes is not NULL, ofs_linear_packed, of rounded activations: x (rows, in)
 * from ofs_round by the same instruction set, weight BF16 or BF16_PACKED, with the same bits for
 * both. Where pairs are multiplied, subnormal activations, weights and partial sums count as 0. */
typedef void ofs_linear_rounded_fn(const void *x, int32_t rows, int32_t in, const void *weight,
                                   const void *escapes, int32_t first_row, const void *bias,
                                   int32_t bias_type, float *y, int64_t y_stride,
                                   int32_t out_begin, int32_t out_end);

/* y[r][o] = bias[o] + sum_i x[r][i] w[i][o], out_begin <= o < out_end.
 * x (rows, in), weight (in, out), bias (out) or NULL, y (rows, out). */
typedef void ofs_linear_transposed_fn(const float *x, int32_t rows, int32_t in, int32_t out,
                                      const void *weight, int32_t weight_type, const void *bias,
                                      int32_t bias_type, float *y, int32_t out_begin,
                                      int32_t out_end);

/* y = x / sqrt(mean(x^2) + eps) * weight. x, y (rows, width), y may be x; weight (width). */
typedef void ofs_rms_norm_fn(const float *x, int32_t rows, int32_t width, const void *weight,
                             int32_t weight_type, float eps, float *y);

/* y = (x - mean) / sqrt(variance + eps) * weight + bias. x, y (rows, width), y may be x; weight,
 * bias (width), both of one type, bias may be NULL. */
typedef void ofs_layer_norm_fn(const float *x, int32_t rows, int32_t width, const void *weight,
                               const void *bias, int32_t type, float eps, float *y);

/* Rotates the first 2 half_dim values of each head in place: (a, b) -> (a cos - b sin,
 * b cos + a sin), pairs (i, i + half_dim) or, interleaved, (2i, 2i + 1).
 * x (rows, heads, head_dim); cos, sin (rows, half_dim). */
typedef void ofs_rope_fn(float *x, int32_t rows, int32_t heads, int32_t head_dim, int32_t half_dim,
                         const float *cos, const float *sin, int32_t interleaved);

/* Writes x (rows, kv_heads, head_dim), rounded to nearest even, to targets[r] + offset_bytes +
 * h * head_stride_bytes; a target of 0 skips the row. targets (rows). */
typedef void ofs_store_kv_fn(const float *x, int32_t rows, int32_t kv_heads, int32_t head_dim,
                             const int64_t *targets, int64_t offset_bytes,
                             int64_t head_stride_bytes, int32_t kv_type);

/* Grouped-query attention over a paged cache, causal by slot. Item n is row n / heads, query head
 * n % heads. Row r sees slots s <= row_slot[r], with s > row_slot[r] - window if window > 0, whose
 * mask byte is not 0; slots out of sight are not read. A row that sees nothing gives zeros.
 * q, y (rows, heads, head_dim), y not q; row_sequence, row_slot (rows); pages (sequences,
 * max_pages): addresses; a page holds keys (kv_heads, page_tokens, head_dim) from
 * layer_offset_bytes and values likewise value_offset_bytes behind them; mask (sequences,
 * mask_stride) or NULL. */
typedef void ofs_attention_fn(const float *q, int32_t heads, int32_t kv_heads, int32_t head_dim,
                              float scale, const int32_t *row_sequence, const int32_t *row_slot,
                              const int64_t *pages, int32_t max_pages, int64_t layer_offset_bytes,
                              int64_t value_offset_bytes, int32_t page_tokens, int32_t kv_type,
                              const uint8_t *mask, int64_t mask_stride, int32_t window, float *y,
                              int64_t item_begin, int64_t item_end);

/* y = activation(x), (count); y may be x. */
typedef void ofs_activate_fn(int32_t activation, const float *x, int64_t count, float *y);

/* y = activation(gate) * up, (count); y may be gate or up. */
typedef void ofs_activate_multiply_fn(int32_t activation, const float *gate, const float *up,
                                      int64_t count, float *y);

/* target += x, (count). */
typedef void ofs_add_fn(float *target, const float *x, int64_t count);

/* The largest of x (count), the largest first, and begin + where each is, the first of equal ones:
 * values, places (wanted), at least one. What is no number counts, and is given, as infinity; where
 * there are fewer than wanted, -infinity and place -1 follow. */
typedef void ofs_top_fn(const float *x, int32_t count, int32_t begin, int32_t wanted,
                        float *values, int32_t *places);

/* Converts scattered rows to float32: addresses (rows), y (rows, width). Rows may be blocks. */
typedef void ofs_gather_fn(const int64_t *addresses, int32_t rows, int32_t width, int32_t type,
                           float *y);

/* The same of rows of BF16_PACKED: numbers (rows), which row of the table each is. */
typedef void ofs_gather_packed_fn(const int64_t *addresses, const int64_t *numbers,
                                  const void *escapes, int32_t rows, int32_t width, float *y);

/* Adds up the float32 values of a range, in whole steps of some hundred bytes: reads memory as fast
 * as one thread does. Returns the sum. */
typedef float ofs_probe_read_fn(const void *from, int64_t bytes);

/* Multiplies and adds in registers. Writes something that depends on every one of them to result,
 * returns how many floating-point operations it did, two for each multiply-add. */
typedef int64_t ofs_probe_fma_fn(int64_t rounds, float *result);

OFS_EXPORT ofs_linear_fn ofs_linear;
OFS_EXPORT ofs_linear_scaled_fn ofs_linear_scaled;
OFS_EXPORT ofs_quantize_rows_fn ofs_quantize_rows;
OFS_EXPORT ofs_linear_int8_fn ofs_linear_int8;
OFS_EXPORT ofs_linear_packed_fn ofs_linear_packed;
OFS_EXPORT ofs_rounded_bytes_fn ofs_rounded_bytes;
OFS_EXPORT ofs_round_fn ofs_round;
OFS_EXPORT ofs_linear_rounded_fn ofs_linear_rounded;
OFS_EXPORT ofs_linear_transposed_fn ofs_linear_transposed;
OFS_EXPORT ofs_rms_norm_fn ofs_rms_norm;
OFS_EXPORT ofs_layer_norm_fn ofs_layer_norm;
OFS_EXPORT ofs_rope_fn ofs_rope;
OFS_EXPORT ofs_store_kv_fn ofs_store_kv;
OFS_EXPORT ofs_attention_fn ofs_attention;
OFS_EXPORT ofs_activate_fn ofs_activate;
OFS_EXPORT ofs_activate_multiply_fn ofs_activate_multiply;
OFS_EXPORT ofs_add_fn ofs_add;
OFS_EXPORT ofs_top_fn ofs_top;
OFS_EXPORT ofs_gather_fn ofs_gather;
OFS_EXPORT ofs_gather_packed_fn ofs_gather_packed;
OFS_EXPORT ofs_probe_read_fn ofs_probe_read;
OFS_EXPORT ofs_probe_fma_fn ofs_probe_fma;

/* OFS_ABI_VERSION of the library. */
OFS_EXPORT int32_t ofs_abi_version(void);

/* The instruction sets that this machine runs, best first: how many, and their names. */
OFS_EXPORT int32_t ofs_isa_count(void);
OFS_EXPORT const char *ofs_isa_name(int32_t index);

/* Chooses one of them for all later calls of this process; the best is chosen at first. Not to be
 * called while a kernel runs. */
OFS_EXPORT void ofs_isa_select(int32_t index);

#endif
