/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */

/* Products of bfloat16 pairs (inputs.h), for instruction sets that multiply them. As kernels_isa.c,
 * and apart from it, for all else is that of the instruction set below: OFS_ISA is the name. */
#include "linear_packed.h"
#include "round.h"
#include "table.h"

#if !defined(OFS_PAIRS)
#error "kernels_pairs.c is built with OFS_PAIRS"
#endif

static void linear_rounded(const void *x, int32_t rows, int32_t in, const void *weight,
                           const void *escapes, int32_t first_row, const void *bias,
                           int32_t bias_type, float *y, int64_t y_stride, int32_t out_begin,
                           int32_t out_end) {
    if (escapes) {
        linear_packed(x, rows, in, weight, escapes, first_row, bias, bias_type, y, y_stride,
                      out_begin, out_end);
        return;
    }
    const weights w = {
        .bytes = weight, .in = (size_t)in, .row_bytes = bytes_of(OFS_BF16, (size_t)in)};
    const product p = {x, w.in, w, bias, bias_type, y, (size_t)y_stride};
    linear_type(OFS_BF16, &p, rows, out_begin, out_end);
}

#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)

const ofs_rounded_table JOIN(ofs_rounded_, OFS_ISA) = {
    .bytes = sizeof(input),
    .round = round_inputs,
    .linear = linear_rounded,
};
