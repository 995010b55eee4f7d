/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */

/* Products of up to 8 rows with weights of type F32. */
#include "epilogue.h"
#include "weights.h"

#define CHUNK 4
#define QUADS 1
#define UNROLL_QUADS UNROLL
#define SCALED 0
#define FLOAT8 0
#define PACKED 0

HELPER INT64 row_bytes(int in) {
    return 4 * (INT64)in;
}

HELPER uint4 load_chunk(GLOBAL const uchar *row, int chunk) {
    return LOAD_UINT4(row + 16 * (INT64)chunk);
}

HELPER uint4 load_slowly(GLOBAL const uchar *row, int chunk, int in) {
    const float4 value = load_some((GLOBAL const float *)row, chunk * CHUNK, in);
    return MAKE_UINT4(as_uint(value.x), as_uint(value.y), as_uint(value.z), as_uint(value.w));
}

HELPER float4 quad_of(uint4 raw, int q) {
    return MAKE_FLOAT4(as_float(raw.x), as_float(raw.y), as_float(raw.z), as_float(raw.w));
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
