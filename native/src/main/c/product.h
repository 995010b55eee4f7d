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

INLINE void write_sum(const product *p, size_t row, size_t out, vf sum) {
    float total = v_sum(sum);
    p->y[row * p->y_stride + out] =
        p->bias ? total + element(p->bias, p->bias_type, out) : total;
}

#endif
