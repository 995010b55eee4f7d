// Copyright 2026 The OffloadStream authors
// SPDX-License-Identifier: Apache-2.0
//
// How many multiply-adds of float32 the device makes: nothing but these, in chains that do not wait for each other.

#define CHAINS 16

/* Each thread makes rounds * CHAINS multiply-adds, and writes something that depends on all of them. */
KERNEL(256) void multiply_adds(BUFFER(float, y), int rounds, float factor, float term) {
    POINTER(float, y);
    float sums[CHAINS];
    UNROLL
    for (int i = 0; i < CHAINS; i++) {
        sums[i] = (float)(THREAD + i);
    }
    for (int round = 0; round < rounds; round++) {
        UNROLL
        for (int i = 0; i < CHAINS; i++) {
            sums[i] = FMA(sums[i], factor, term);
        }
    }
    float sum = 0.0f;
    UNROLL
    for (int i = 0; i < CHAINS; i++) {
        sum += sums[i];
    }
    y[(INT64) GROUP_X * 256 + THREAD] = sum;
}
