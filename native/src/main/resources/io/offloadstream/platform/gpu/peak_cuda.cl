/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */

/*
 * How many multiply-adds the matrix units of NVIDIA cards make, from sm_80 on: nothing but mma.m16n8k16, in chains that
 * do not wait for each other. A warp makes rounds * CHAINS of them.
 */

#define CHAINS 8

#define MMA(name, type)                                                                                    \
    HELPER void name(float *sums, uint x, uint weight) {                                                   \
        asm volatile("mma.sync.aligned.m16n8k16.row.col.f32." type "." type ".f32 "                        \
                     "{%0, %1, %2, %3}, {%4, %4, %4, %4}, {%5, %5}, {%0, %1, %2, %3};"                     \
                     : "+f"(sums[0]), "+f"(sums[1]), "+f"(sums[2]), "+f"(sums[3])                          \
                     : "r"(x), "r"(weight));                                                               \
    }

MMA(mma_bf16, "bf16")
MMA(mma_f16, "f16")

#define PEAK(name, mma)                                                                                    \
    KERNEL(256) void name(BUFFER(float, y), int rounds, int x, int weight) {                               \
        POINTER(float, y);                                                                                 \
        float sums[CHAINS][4];                                                                             \
        UNROLL                                                                                             \
        for (int i = 0; i < 4 * CHAINS; i++) {                                                             \
            sums[i / 4][i % 4] = 0.0f;                                                                     \
        }                                                                                                  \
        for (int round = 0; round < rounds; round++) {                                                     \
            UNROLL                                                                                         \
            for (int i = 0; i < CHAINS; i++) {                                                             \
                mma(sums[i], (uint)x, (uint)weight);                                                       \
            }                                                                                              \
        }                                                                                                  \
        float sum = 0.0f;                                                                                  \
        UNROLL                                                                                             \
        for (int i = 0; i < 4 * CHAINS; i++) {                                                             \
            sum += sums[i / 4][i % 4];                                                                     \
        }                                                                                                  \
        y[(INT64)GROUP_X * 256 + THREAD] = sum;                                                            \
    }

PEAK(matrix_multiply_adds_bf16, mma_bf16)
PEAK(matrix_multiply_adds_f16, mma_f16)
