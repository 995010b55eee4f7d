/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */

/* A product with weights of one type that is not packed, of any number of rows. */
#ifndef OFS_LINEAR_TYPE_H
#define OFS_LINEAR_TYPE_H

#include "decode.h"
#include "prefill.h"

INLINE void linear_type(int type, const product *p, int rows, int out_begin, int out_end) {
    if (rows <= 0 || out_begin >= out_end) return;
    if (rows <= (is_blocks(type) ? DECODE_ROWS : DECODE_PLAIN_ROWS)) {
        decode(type, p, rows, (size_t)out_begin, (size_t)out_end);
    } else {
        prefill(type, p, rows, (size_t)out_begin, (size_t)out_end);
    }
}

#endif
