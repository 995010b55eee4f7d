/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */

/*
 * Weights as floats: the one place that knows how each type lies in a row. A further type needs its
 * bytes in bytes_of, a case in load_vector, and a line in FOR_WEIGHT_TYPE; both product loops are
 * written in these terms. Only BF16_PACKED has tiles of its own (packed.h).
 */
#ifndef OFS_WEIGHTS_H
#define OFS_WEIGHTS_H

#include "inputs.h"

/* Blocks along a row: BLOCK elements of one scale. */
enum { BLOCK = 32, BLOCK_VECTORS = BLOCK / STEP, Q8_0_BYTES = 34, Q4_0_BYTES = 18, PACKED_BYTES = 48 };

/* Rows and columns of an F8_E4M3 weight that have one scale. */
enum { SCALE_BLOCK = 128 };

/* A weight (out, in); what is only of one type is 0 for the others. */
typedef struct {
    const uint8_t *bytes;
    size_t in;
    size_t row_bytes;
    const float *scales; /* (ceil(out / SCALE_BLOCK), scale_columns) of an F8_E4M3 weight */
    size_t scale_columns;
    const uint8_t *escapes; /* of the tensor of a BF16_PACKED weight */
    size_t first_row;       /* which row of that tensor row 0 is */
} weights;

INLINE int is_blocks(int type) {
    return type == OFS_Q8_0 || type == OFS_Q4_0 || type == OFS_BF16_PACKED;
}

/* Bytes of n elements that lie in one row: whole blocks, where there are blocks. */
INLINE size_t bytes_of(int type, size_t n) {
    return type == OFS_Q8_0          ? n / BLOCK * Q8_0_BYTES
           : type == OFS_Q4_0        ? n / BLOCK * Q4_0_BYTES
           : type == OFS_BF16_PACKED ? n / BLOCK * PACKED_BYTES
                                     : n * size_of(type);
}

/* Vectors that a step of a product loads from a row, its span: a block, or two without blocks. */
enum { PLAIN_VECTORS = 2, MOST_VECTORS = BLOCK_VECTORS > PLAIN_VECTORS ? BLOCK_VECTORS : PLAIN_VECTORS };

INLINE int span_of(int type) { return is_blocks(type) ? BLOCK_VECTORS : PLAIN_VECTORS; }

INLINE vf scale_of(const weights *w, size_t out, size_t i) {
    return v_set1(w->scales[out / SCALE_BLOCK * w->scale_columns + i / SCALE_BLOCK]);
}

/* STEP elements from i on of a row without blocks, which lie at p; the first n where n is not 0. */
INLINE vf load_lanes(int type, const weights *w, size_t out, size_t i, const uint8_t *p, int n) {
    if (type == OFS_BF16) return n ? v_bf16_n(p, n) : v_bf16(p);
    vf a = n ? load_as_n(p, type, n) : load_as(p, type);
    return type == OFS_F8_E4M3 ? v_mul(a, scale_of(w, out, i)) : a;
}

/*
 * Vector v of the span of row out that begins with element i, at p. Exact: a block has 11 bits of
 * scale times 8. v is a constant wherever this is inlined, and what depends on p alone is computed
 * once for all vectors of a span.
 */
INLINE vf load_vector(int type, const weights *w, size_t out, size_t i, const uint8_t *p, int v) {
    if (type == OFS_Q8_0) return v_mul(v_set1_f16_at(p), v_load_i8(p + 2 + v * STEP));
    if (type == OFS_Q4_0) {
        const uint8_t *pairs = p + 2 + v * STEP % (BLOCK / 2);
        return v_load_u4(pairs, v * STEP >= BLOCK / 2, v_u4_scale_of(v_set1_f16_at(p)));
    }
    return load_lanes(type, w, out, i, p + (size_t)(v * STEP) * size_of(type), 0);
}

/* Calls function(type, ...) with the type as a constant, so that each gets its own loop. */
#define FOR_WEIGHT_TYPE(type, function, ...)                                                       \
    do {                                                                                           \
        if ((type) == OFS_Q8_0) {                                                                  \
            function(OFS_Q8_0, __VA_ARGS__);                                                       \
        } else if ((type) == OFS_Q4_0) {                                                           \
            function(OFS_Q4_0, __VA_ARGS__);                                                       \
        } else {                                                                                   \
            FOR_TYPE(type, function, __VA_ARGS__);                                                 \
        }                                                                                          \
    } while (0)

#endif
