/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */

/* Products of up to 8 rows with weights of type F8_E4M3, which have a scale for each 128 by 128 of them. */
#include "epilogue.h"
#include "weights.h"

#define CHUNK 16
#define QUADS 4
#define UNROLL_QUADS UNROLL
#define SCALED 1
#define FLOAT8 1
#define PACKED 0

HELPER INT64 row_bytes(int in) {
    return in;
}

HELPER uint4 load_chunk(GLOBAL const uchar *row, int chunk) {
    return LOAD_UINT4(row + 16 * (INT64)chunk);
}

HELPER uint4 load_slowly(GLOBAL const uchar *row, int chunk, int in) {
    const int begin = chunk * CHUNK;
    return MAKE_UINT4(load_bytes(row, begin, in), load_bytes(row, begin + 4, in), load_bytes(row, begin + 8, in),
                      load_bytes(row, begin + 12, in));
}

HELPER float4 quad_of(uint4 raw, int q) {
    const uint word = word_of(raw, q);
    return pairs_of(e4m3x2_to_float2((ushort)(word & 0xffffu)), e4m3x2_to_float2((ushort)(word >> 16)));
}

/* 8 chunks make the 128 columns of a scale. */
HELPER float scale_of(uint4 raw, GLOBAL const float *scales, int chunk) {
    return scales[chunk >> 3];
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
