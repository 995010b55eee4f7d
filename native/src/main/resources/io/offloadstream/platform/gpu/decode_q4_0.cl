/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */

/* Products of up to 8 rows with weights of type Q4_0: blocks of 32 halves of bytes behind a float16 scale, 18 bytes. */
#include "epilogue.h"
#include "weights.h"

#define CHUNK 8
#define QUADS 2
#define UNROLL_QUADS _Pragma("unroll 1") /* or registers run out */
#define SCALED 1
#define FLOAT8 0
#define PACKED 0

HELPER INT64 row_bytes(int in) {
    return (INT64)(in >> 5) * 18;
}

/* 4 threads share a block: 4 columns of its first half and 4 of its second. It starts at any even address. */
HELPER uint4 load_chunk(GLOBAL const uchar *row, int chunk) {
    GLOBAL const ushort *block = (GLOBAL const ushort *)(row + (INT64)(chunk >> 2) * 18);
    return MAKE_UINT4(load_word(block + 1 + 2 * (chunk & 3)), block[0], 0, 0);
}

HELPER uint4 load_slowly(GLOBAL const uchar *row, int chunk, int in) {
    return load_chunk(row, chunk);
}

HELPER float4 quad_of(uint4 raw, int q) {
    return nibbles_of(q == 0 ? raw.x : raw.x >> 4);
}

HELPER float scale_of(uint4 raw, GLOBAL const float *scales, int chunk) {
    return half_to_float((ushort)raw.y);
}

HELPER int quad_begin(int chunk, int q) {
    return (chunk >> 2) * 32 + (chunk & 3) * 4 + 16 * q;
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
