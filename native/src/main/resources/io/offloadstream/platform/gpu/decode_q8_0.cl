/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */

/* Products of up to 8 rows with weights of type Q8_0: blocks of 32 int8 behind a float16 scale, 34 bytes. */
#include "epilogue.h"
#include "weights.h"

#define CHUNK 4
#define QUADS 1
#define UNROLL_QUADS UNROLL
#define SCALED 1
#define FLOAT8 0
#define PACKED 0

HELPER INT64 row_bytes(int in) {
    return (INT64)(in >> 5) * 34;
}

/* 8 threads share a block. It starts at any even address: words are loaded by halves, consecutive over a warp. */
HELPER uint4 load_chunk(GLOBAL const uchar *row, int chunk) {
    GLOBAL const ushort *block = (GLOBAL const ushort *)(row + (INT64)(chunk >> 3) * 34);
    return MAKE_UINT4(load_word(block + 1 + 2 * (chunk & 7)), block[0], 0, 0);
}

HELPER uint4 load_slowly(GLOBAL const uchar *row, int chunk, int in) {
    return load_chunk(row, chunk);
}

HELPER float4 quad_of(uint4 raw, int q) {
    return bytes_of(raw.x);
}

HELPER float scale_of(uint4 raw, GLOBAL const float *scales, int chunk) {
    return half_to_float((ushort)raw.y);
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
