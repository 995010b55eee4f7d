/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */

/*
 * What products on matrix units share: prefill_cuda.cl for weights of 16 bits, prefill_packed_cuda.cl for losslessly
 * packed ones.
 * Workgroup memory has lines of 32 columns, 64 bytes, a row or an output each; their four vectors of 16 bytes are
 * permuted by the line so that the 8 lines that a matrix load touches are in different banks.
 */
#include "epilogue.h"
#include "weights.h"

#define TILE_OUTPUTS 128
#define TILE_COLUMNS 32

HELPER uint shared_address(const void *pointer) {
    uint address;
    asm("{ .reg .u64 wide; cvta.to.shared.u64 wide, %1; cvt.u32.u64 %0, wide; }" : "=r"(address) : "l"(pointer));
    return address;
}

/* Bytes from the start of a tile to 8 columns of a line. */
HELPER uint place(int line, int vector) {
    return (uint)(line * 64 + ((vector ^ ((line >> 1) & 3)) << 4));
}

/* Copies 16 bytes to workgroup memory, or zeros, without waiting for them. */
HELPER void copy_ahead(uint target, const void *source, bool present) {
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(target), "l"(source), "r"(present ? 16 : 0)
                 : "memory");
}

HELPER void await_copies(void) {
    asm volatile("cp.async.wait_all;" ::: "memory");
}

HELPER void store_shared(uint target, const uint *word) {
    asm volatile("st.shared.v4.b32 [%0], {%1, %2, %3, %4};" ::"r"(target), "r"(word[0]), "r"(word[1]), "r"(word[2]),
                 "r"(word[3])
                 : "memory");
}

/* Four matrices of 8 by 8, each line of them at the address that a lane gives. */
HELPER void load_matrices(uint *fragments, uint source) {
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(fragments[0]), "=r"(fragments[1]), "=r"(fragments[2]), "=r"(fragments[3])
                 : "r"(source)
                 : "memory");
}

/* Where this lane's line of 16 rows and 16 columns is: rows 0 to 7, 8 to 15, then those of the next 8 columns. */
HELPER uint row_place(int row, int half) {
    return place(row + (LANE & 15), 2 * half + (LANE >> 4));
}

/* The same of 16 outputs: outputs 0 to 7, their next 8 columns, then outputs 8 to 15. */
HELPER uint output_place(int output, int half) {
    return place(output + (LANE & 7) + ((LANE >> 4) << 3), 2 * half + ((LANE >> 3) & 1));
}

#define MULTIPLY(type, sums, a, b0, b1) MULTIPLY_AS(type, sums, a, b0, b1)
#define MULTIPLY_AS(type, sums, a, b0, b1)                                                                        \
    asm volatile("mma.sync.aligned.m16n8k16.row.col.f32." #type "." #type ".f32 "                                 \
                 "{%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"                                 \
                 : "+f"((sums)[0]), "+f"((sums)[1]), "+f"((sums)[2]), "+f"((sums)[3])                              \
                 : "r"((a)[0]), "r"((a)[1]), "r"((a)[2]), "r"((a)[3]), "r"(b0), "r"(b1))

/* Called, not copied to each of the 64 places where a thread stores a sum. */
static __device__ __noinline__ void finish_one(float *at, float sum, int epilogue, int code) {
    finish(at, sum, epilogue, code);
}

/* 128 outputs of 32 columns, 2 vectors a thread. What lies outside is zero. */
HELPER void load_outputs(uint target, const uchar *weight, int first, int out, int begin, int in) {
    UNROLL
    for (int part = 0; part < 2; part++) {
        const int line = (THREAD + 256 * part) >> 2;
        const int vector = THREAD & 3;
        const int column = begin + 8 * vector;
        const bool present = first + line < out && column < in;
        const uchar *source = weight + (present ? 2 * ((INT64)(first + line) * in + column) : 0);
        copy_ahead(target + place(line, vector), source, present);
    }
}

/* Of a packed weight, the 2 vectors of 8 columns that load_outputs would have copied, as they are stored. */
HELPER void load_packed_outputs(uint4 *raw, const uchar *weight, int first, int out, int begin, int in) {
    UNROLL
    for (int part = 0; part < 2; part++) {
        const int o = first + ((THREAD + 256 * part) >> 2);
        const INT64 row_bytes = (INT64)(in >> 5) * PACKED_BYTES;
        raw[part] = load_packed(weight + (o < out ? o : first) * row_bytes, (begin >> 3) + (THREAD & 3));
    }
}

/* Puts them into the tile as bfloat16. ends: where the escapes of their two outputs begin and end. */
HELPER void store_packed_outputs(uint target, const uint4 *raw, const uint *table, const uchar *escapes, const uint *ends,
                                 int begin) {
    UNROLL
    for (int part = 0; part < 2; part++) {
        const uint4 words = unpack(raw[part], table, escapes, ends[2 * part], ends[2 * part + 1],
                                   (begin >> 3) + (THREAD & 3));
        const uint word[4] = {words.x, words.y, words.z, words.w};
        store_shared(target + place((THREAD + 256 * part) >> 2, THREAD & 3), word);
    }
}

/* 8 columns of a row. */
HELPER void load_activations(float4 *target, const float *x, INT64 first, int rows, int chunk, int begin, int in) {
    const INT64 row = first + (chunk >> 2);
    const int column = begin + 8 * (chunk & 3);
    const bool present = row < rows && column < in;
    target[0] = present ? LOAD_FLOAT4(x + row * in + column) : MAKE_FLOAT4(0.0f, 0.0f, 0.0f, 0.0f);
    target[1] = present ? LOAD_FLOAT4(x + row * in + column + 4) : MAKE_FLOAT4(0.0f, 0.0f, 0.0f, 0.0f);
}

/* To the nearest, of two to the even one, in one instruction. */
HELPER ushort round_to_bf16(float value) {
    ushort bits;
    asm("cvt.rn.bf16.f32 %0, %1;" : "=h"(bits) : "f"(value));
    return bits;
}
