/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */

/*
 * Products of many rows, bound by arithmetic. A group of 256 threads makes a tile of 64 rows and 64 outputs, a thread
 * 4 of each: for 32 products it loads 32 bytes from workgroup memory, which leaves that memory half idle. Weights of
 * any type become floats on their way into the tile, so one kernel serves all types. While a tile is multiplied the
 * next one's loads are on their way.
 *
 * An element's sum is one chain in the order of the columns, 32 of them a tile, the last tile padded with zeros: it
 * depends on the type and the inner dimension alone, not on the number of rows, their place or their chunk.
 */
#include "epilogue.h"
#include "weights.h"

#define TILE 64
#define DEPTH 32

/*
 * A tile lies column by column, 64 rows (or outputs) of a column together, rotated by 8 for each 8 columns: the 8
 * threads that store 8 columns of 8 rows hit different banks, and 4 consecutive rows stay together.
 */
#define PLACE(column, row) ((column) * TILE + (((row) + ((column) & 24)) & 63))

/* What a thread carries into a tile: 8 consecutive elements. */
typedef struct {
    float4 low;
    float4 high;
} segment;

HELPER segment zeros(void) {
    segment s;
    s.low = MAKE_FLOAT4(0.0f, 0.0f, 0.0f, 0.0f);
    s.high = s.low;
    return s;
}

HELPER float4 times(float4 a, float scale) {
    return MAKE_FLOAT4(a.x * scale, a.y * scale, a.z * scale, a.w * scale);
}

/* 8 elements of 16 bits, two in a word. */
HELPER segment bf16s_of(uint4 raw) {
    segment s;
    s.low = pairs_of(bf16x2_to_float2(raw.x), bf16x2_to_float2(raw.y));
    s.high = pairs_of(bf16x2_to_float2(raw.z), bf16x2_to_float2(raw.w));
    return s;
}

/* 8 elements of one of the types without blocks, from any place, 0 from count on. */
HELPER segment load_plain(GLOBAL const uchar *row, int type, int begin, int count, int vector) {
    segment s;
    if (type == TYPE_F32) {
        GLOBAL const float *at = (GLOBAL const float *)row;
        s.low = vector ? LOAD_FLOAT4(at + begin) : load_some(at, begin, count);
        s.high = vector ? LOAD_FLOAT4(at + begin + 4) : load_some(at, begin + 4, count);
        return s;
    }
    GLOBAL const ushort *at = (GLOBAL const ushort *)row;
    uint4 raw;
    if (vector) {
        raw = LOAD_UINT4(at + begin);
    } else {
        raw = MAKE_UINT4(load_pair(at, begin, count), load_pair(at, begin + 2, count), load_pair(at, begin + 4, count),
                         load_pair(at, begin + 6, count));
    }
    if (type == TYPE_F16) {
        s.low = pairs_of(half2_to_float2(raw.x), half2_to_float2(raw.y));
        s.high = pairs_of(half2_to_float2(raw.z), half2_to_float2(raw.w));
        return s;
    }
    return bf16s_of(raw);
}

HELPER float4 floats8_of(uint word) {
    return pairs_of(e4m3x2_to_float2((ushort)(word & 0xffffu)), e4m3x2_to_float2((ushort)(word >> 16)));
}

/* 8 elements of float8 with their scale: begin is a multiple of 8, so they are of one block. */
HELPER segment load_f8(GLOBAL const uchar *row, GLOBAL const float *scales, int begin, int count, int vector) {
    const float scale = scales[begin >> 7];
    GLOBAL const uint *words = (GLOBAL const uint *)(row + begin);
    segment s;
    s.low = times(floats8_of(vector ? words[0] : load_bytes(row, begin, count)), scale);
    s.high = times(floats8_of(vector ? words[1] : load_bytes(row, begin + 4, count)), scale);
    return s;
}

/* 8 elements of a block of Q8_0 or Q4_0. */
HELPER segment load_block(GLOBAL const uchar *row, int type, int begin) {
    const int bytes = type == TYPE_Q8_0 ? 34 : 18;
    GLOBAL const ushort *block = (GLOBAL const ushort *)(row + (INT64)(begin >> 5) * bytes);
    const float scale = half_to_float(block[0]);
    segment s;
    if (type == TYPE_Q8_0) {
        block += 1 + ((begin & 31) >> 1);
        s.low = times(bytes_of(load_word(block)), scale);
        s.high = times(bytes_of(load_word(block + 2)), scale);
    } else {
        const int shift = (begin & 16) >> 2;
        block += 1 + ((begin & 15) >> 1);
        s.low = times(nibbles_of(load_word(block) >> shift), scale);
        s.high = times(nibbles_of(load_word(block + 2) >> shift), scale);
    }
    return s;
}

/* Bytes of a row of a weight. */
HELPER INT64 bytes_of_row(int type, int count) {
    if (type == TYPE_Q8_0) {
        return (INT64)(count >> 5) * 34;
    }
    if (type == TYPE_Q4_0) {
        return (INT64)(count >> 5) * 18;
    }
    if (type == TYPE_BF16_PACKED) {
        return (INT64)(count >> 5) * PACKED_BYTES;
    }
    return (INT64)count * (type == TYPE_F32 ? 4 : (type == TYPE_F8_E4M3 ? 1 : 2));
}

/*
 * 8 columns of a row of a weight (out, in). scales: those of float8, or the escapes of a packed weight, whose high bytes
 * by code are in table and whose first row has the number first_row.
 */
HELPER segment load_weights(GLOBAL const uchar *weight, int type, int vector, GLOBAL const float *scales,
                            LOCAL_PTR const uint *table, int first_row, int o, int out, int begin, int in) {
    if (o >= out || begin >= in) {
        return zeros();
    }
    GLOBAL const uchar *row = weight + o * bytes_of_row(type, in);
    if (type == TYPE_F8_E4M3) {
        return load_f8(row, scales + (INT64)(o >> 7) * ((in + 127) >> 7), begin, in, vector);
    }
    if (type == TYPE_Q8_0 || type == TYPE_Q4_0) {
        return load_block(row, type, begin);
    }
    if (type == TYPE_BF16_PACKED) {
        GLOBAL const uchar *escapes = (GLOBAL const uchar *)scales;
        const INT64 number = (INT64)first_row + o;
        return bf16s_of(unpack(load_packed(row, begin >> 3), table, escapes, escapes_begin(escapes, number),
                               escapes_begin(escapes, number + 1), begin >> 3));
    }
    return load_plain(row, type, begin, in, vector);
}

HELPER void store_column(LOCAL_PTR float *tile, int column, int row, segment s) {
    tile[PLACE(column, row)] = s.low.x;
    tile[PLACE(column + 1, row)] = s.low.y;
    tile[PLACE(column + 2, row)] = s.low.z;
    tile[PLACE(column + 3, row)] = s.low.w;
    tile[PLACE(column + 4, row)] = s.high.x;
    tile[PLACE(column + 5, row)] = s.high.y;
    tile[PLACE(column + 6, row)] = s.high.z;
    tile[PLACE(column + 7, row)] = s.high.w;
}

/* Multiplies two tiles into the sums of this thread: sums[4 * row + output]. */
HELPER void multiply(LOCAL_PTR const float *rows, LOCAL_PTR const float *outputs, int row, int output, float *sums) {
    UNROLL
    for (int column = 0; column < DEPTH; column++) {
        const float4 a = LOAD_LOCAL4(rows + PLACE(column, row));
        const float4 b = LOAD_LOCAL4(outputs + PLACE(column, output));
        const float x[4] = {a.x, a.y, a.z, a.w};
        UNROLL
        for (int r = 0; r < 4; r++) {
            sums[4 * r] = FMA(x[r], b.x, sums[4 * r]);
            sums[4 * r + 1] = FMA(x[r], b.y, sums[4 * r + 1]);
            sums[4 * r + 2] = FMA(x[r], b.z, sums[4 * r + 2]);
            sums[4 * r + 3] = FMA(x[r], b.w, sums[4 * r + 3]);
        }
    }
}

/* Where a thread of the group stands in the tile of results: 8 by 4 threads of a warp, 2 by 4 warps. */
#define OUTPUT_OF(thread) (4 * ((((thread) >> 5) & 1) * 8 + ((thread) & 7)))
#define ROW_OF(thread) (4 * (((thread) >> 6) * 4 + (((thread) >> 3) & 3)))

HELPER void store_sums(const float *sums, GLOBAL float *y, int rows, int out, GLOBAL const uchar *bias, int bias_type,
                       int epilogue, int code) {
    const int first = GROUP_X * TILE + OUTPUT_OF(THREAD);
    for (int c = 0; c < 4; c++) {
        if (first + c < out) {
            const float b = bias_type < 0 ? 0.0f : load_element(bias, bias_type, first + c);
            for (int r = 0; r < 4; r++) {
                const INT64 row = (INT64)GROUP_Y * TILE + ROW_OF(THREAD) + r;
                if (row < rows) {
                    finish(y + row * out + first + c, sums[4 * r + c] + b, epilogue, code);
                }
            }
        }
    }
}

/* x (rows, in), weight (out, in), scales for float8, or escapes of a packed weight whose first row is first_row; groups: ceil(out / 64), ceil(rows / 64). */
KERNEL(256)
void linear(BUFFER(const float, x), int rows, int in, int vector, BUFFER(const uchar, weight), int type,
            BUFFER(const float, scales), int first_row, BUFFER(const uchar, bias), int bias_type, BUFFER(float, y), int out, int epilogue,
            int code) {
    POINTER(const float, x);
    POINTER(const uchar, weight);
    POINTER(const float, scales);
    POINTER(const uchar, bias);
    POINTER(float, y);
    SHARED(float, row_tile, TILE * DEPTH);
    SHARED(float, output_tile, TILE * DEPTH);
    SHARED(uint, table, 16);
    float sums[16];
    for (int i = 0; i < 16; i++) {
        sums[i] = 0.0f;
    }
    if (type == TYPE_BF16_PACKED && THREAD < 16) {
        table[THREAD] = ((GLOBAL const uchar *)scales)[THREAD];
    }
    BARRIER();
    /* this thread carries 8 columns of one row and one output */
    const int line = THREAD >> 2;
    const int column = (THREAD & 3) * 8;
    const INT64 row = (INT64)GROUP_Y * TILE + line;
    const int o = GROUP_X * TILE + line;
    GLOBAL const uchar *x_row = (GLOBAL const uchar *)(x + (row < rows ? row : 0) * in);
    const int x_in = row < rows ? in : 0;
    segment a = column < x_in ? load_plain(x_row, TYPE_F32, column, in, vector) : zeros();
    segment w = load_weights(weight, type, vector, scales, table, first_row, o, out, column, in);
    for (int begin = 0; begin < in; begin += DEPTH) {
        store_column(row_tile, column, line, a);
        store_column(output_tile, column, line, w);
        BARRIER();
        const int next = begin + DEPTH + column;
        a = next < x_in ? load_plain(x_row, TYPE_F32, next, in, vector) : zeros();
        w = load_weights(weight, type, vector, scales, table, first_row, o, out, next, in);
        multiply(row_tile, output_tile, ROW_OF(THREAD), OUTPUT_OF(THREAD), sums);
        BARRIER();
    }
    store_sums(sums, y, rows, out, bias, IS_NULL(bias) ? -1 : bias_type, epilogue, code);
}

HELPER void store_row(LOCAL_PTR float *tile, int column, int row, segment s) {
    STORE_LOCAL4(tile + PLACE(column, row), s.low);
    STORE_LOCAL4(tile + PLACE(column, row + 4), s.high);
}

/* As linear, with weight (in, out), of a type without blocks. */
KERNEL(256)
void transposed(BUFFER(const float, x), int rows, int in, int vector, BUFFER(const uchar, weight), int type,
                BUFFER(const uchar, bias), int bias_type, BUFFER(float, y), int out) {
    POINTER(const float, x);
    POINTER(const uchar, weight);
    POINTER(const uchar, bias);
    POINTER(float, y);
    SHARED(float, row_tile, TILE * DEPTH);
    SHARED(float, output_tile, TILE * DEPTH);
    float sums[16];
    for (int i = 0; i < 16; i++) {
        sums[i] = 0.0f;
    }
    const int line = THREAD >> 2;
    const int column = (THREAD & 3) * 8;
    const INT64 row = (INT64)GROUP_Y * TILE + line;
    GLOBAL const uchar *x_row = (GLOBAL const uchar *)(x + (row < rows ? row : 0) * in);
    const int x_in = row < rows ? in : 0;
    /* of the weight it carries 8 outputs of one column */
    const int w_column = THREAD >> 3;
    const int w_line = (THREAD & 7) * 8;
    const int o = GROUP_X * TILE + w_line;
    const INT64 row_bytes = bytes_of_row(type, out);
    for (int begin = 0; begin < in; begin += DEPTH) {
        const int inner = begin + w_column;
        segment a = begin + column < x_in ? load_plain(x_row, TYPE_F32, begin + column, in, vector & 1) : zeros();
        segment w = inner < in && o < out ? load_plain(weight + inner * row_bytes, type, o, out, vector >> 1) : zeros();
        store_column(row_tile, column, line, a);
        store_row(output_tile, w_column, w_line, w);
        BARRIER();
        multiply(row_tile, output_tile, ROW_OF(THREAD), OUTPUT_OF(THREAD), sums);
        BARRIER();
    }
    store_sums(sums, y, rows, out, bias, IS_NULL(bias) ? -1 : bias_type, 0, 0);
}
