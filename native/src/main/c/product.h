/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */

/* What the loops of a matrix product share. */
#ifndef OFS_PRODUCT_H
#define OFS_PRODUCT_H

#include "weights.h"

typedef struct {
    const float *x; /* (rows, in) */
    weights weight;
    const uint8_t *bias;
    int bias_type;
    float *y;
    size_t y_stride;
} product;

/* The results of a tile of accumulators. */
INLINE void write_tile(const product *p, size_t row, size_t out, vf acc[][WIDE_OUTS], int rows,
                       int outs) {
    UNROLL for (int r = 0; r < rows; r++) {
        float *y = p->y + (row + (size_t)r) * p->y_stride + out;
        UNROLL for (int o = 0; o < outs; o++) {
            float sum = v_sum(acc[r][o]);
            y[o] = p->bias ? sum + element(p->bias, p->bias_type, out + (size_t)o) : sum;
        }
    }
}

/* Has a range of memory brought into the second-level cache. */
INLINE void fetch_ahead(const uint8_t *p, size_t n) {
    for (size_t line = 0; line < n; line += 64) __builtin_prefetch(p + line, 0, 2);
}

#endif
