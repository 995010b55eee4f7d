/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */

/* All kernels of one instruction set. Built once for each, with OFS_ISA its name and the compiler's
 * options for it; only through its table does other code reach what is in here. */
#include "attention.h"
#include "elementwise.h"
#include "linear.h"
#include "probe.h"
#include "round.h"
#include "table.h"
#include "top.h"

/* Rounded activations are floats here, and so are their products. */
static void linear_rounded(const void *x, int32_t rows, int32_t in, const void *weight,
                           const void *escapes, int32_t first_row, const void *bias,
                           int32_t bias_type, float *y, int64_t y_stride, int32_t out_begin,
                           int32_t out_end) {
    if (escapes) {
        linear_packed(x, rows, in, weight, escapes, first_row, bias, bias_type, y, y_stride,
                      out_begin, out_end);
    } else {
        linear(x, rows, in, weight, OFS_BF16, bias, bias_type, y, y_stride, out_begin, out_end);
    }
}

#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)

const ofs_table JOIN(ofs_table_, OFS_ISA) = {
    .linear = linear,
    .linear_scaled = linear_scaled,
    .linear_packed = linear_packed,
    .linear_transposed = linear_transposed,
    .rms_norm = rms_norm,
    .layer_norm = layer_norm,
    .rope = rope,
    .store_kv = store_kv,
    .attention = attention,
    .activate = activate,
    .activate_multiply = activate_multiply,
    .add = add,
    .top = top,
    .gather = gather,
    .probe_read = probe_read,
    .probe_fma = probe_fma,
    .gather_packed = gather_packed,
};

const ofs_rounded_table JOIN(ofs_rounded_, OFS_ISA) = {
    .bytes = sizeof(input),
    .round = round_inputs,
    .linear = linear_rounded,
};
