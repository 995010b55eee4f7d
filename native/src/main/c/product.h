/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */

/* What the loops of a matrix product share. */
#ifndef OFS_PRODUCT_H
#define OFS_PRODUCT_H

#include "weights.h"

typedef struct {
    const input *x; /* (rows, in) */
    size_t x_stride;
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
            if (o % 4 == 0 && o + 4 <= outs) {
                v_sum4(acc[r][o], acc[r][o + 1], acc[r][o + 2], acc[r][o + 3], y + o);
            } else if (o >= outs / 4 * 4) {
                y[o] = v_sum(acc[r][o]);
            }
        }
        for (int o = 0; p->bias && o < outs; o++) {
            y[o] += element(p->bias, p->bias_type, out + (size_t)o);
        }
    }
}

#endif
