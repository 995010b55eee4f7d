/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */

/* Products of up to 8 rows with weights of type BF16. */
#include "epilogue.h"
#include "weights.h"

#define CHUNK 8
#define QUADS 2
#define UNROLL_QUADS UNROLL
#define SCALED 0
#define FLOAT8 0
#define PACKED 0

HELPER INT64 row_bytes(int in) {
    return 2 * (INT64)in;
}

HELPER uint4 load_chunk(GLOBAL const uchar *row, int chunk) {
    return LOAD_UINT4(row + 16 * (INT64)chunk);
}

HELPER uint4 load_slowly(GLOBAL const uchar *row, int chunk, int in) {
    GLOBAL const ushort *weights = (GLOBAL const ushort *)row;
    const int begin = chunk * CHUNK;
    return MAKE_UINT4(load_pair(weights, begin, in), load_pair(weights, begin + 2, in), load_pair(weights, begin + 4, in),
                      load_pair(weights, begin + 6, in));
}

HELPER float4 quad_of(uint4 raw, int q) {
    return pairs_of(bf16x2_to_float2(word_of(raw, 2 * q)), bf16x2_to_float2(word_of(raw, 2 * q + 1)));
}

HELPER int quad_begin(int chunk, int q) {
    return chunk * CHUNK + 4 * q;
}

#define ROWS 1
#define STEPS 2
#include "decode.inc"

#define ROWS 2
#define STEPS 1
#include "decode.inc"

#define ROWS 4
#define STEPS 1
#include "decode.inc"

#define ROWS 8
#define STEPS 1
#include "decode.inc"
