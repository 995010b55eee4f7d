/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */

/* The kernel language in OpenCL C 1.2: no sub-groups, no shared virtual memory. Its twin is prelude_cuda.h. */

/* A product is added unrounded where FMA says so, nowhere else: kernels for one row and for many then agree. */
#pragma OPENCL FP_CONTRACT OFF

#define KERNEL(threads) __kernel __attribute__((reqd_work_group_size(threads, 1, 1)))
#define HELPER inline
#define GLOBAL __global
#define LOCAL_PTR __local
#define CONSTANT __constant
#define UNROLL

typedef long INT64;

/* A buffer is a memory object and where in it the tensor starts: an address of ours is no pointer here. */
#define BUFFER(type, name) __global type *name##_base, INT64 name##_offset
#define POINTER(type, name) \
    __global type *name = (__global type *)((__global uchar *)name##_base + name##_offset)
#define IS_NULL(name) (name##_base == 0)
#define SHARED(type, name, count) __local type name[count] __attribute__((aligned(16)))

#define THREAD ((int)get_local_id(0))
#define THREADS ((int)get_local_size(0))
#define GROUP_X ((int)get_group_id(0))
#define GROUP_Y ((int)get_group_id(1))
#define GROUP_Z ((int)get_group_id(2))
#define GROUPS_X ((int)get_num_groups(0))
#define GROUPS_Y ((int)get_num_groups(1))
#define GROUPS_Z ((int)get_num_groups(2))
#define BARRIER() barrier(CLK_LOCAL_MEM_FENCE)

#define FMA(a, b, c) fma((float)(a), (float)(b), (float)(c))
#define EXP(x) exp((float)(x))
#define SQRT(x) sqrt((float)(x))
#define TANH(x) tanh((float)(x))
#define ERF(x) erf((float)(x))
#define FMAX(a, b) fmax((float)(a), (float)(b))
#define FMIN(a, b) fmin((float)(a), (float)(b))
#define INF INFINITY

/* 16 bytes from an address that is a multiple of 16 */
#define LOAD_UINT4(pointer) (*(const __global uint4 *)(pointer))

/* 4 floats, at a multiple of 4 */
#define LOAD_FLOAT4(pointer) (*(const __global float4 *)(pointer))
#define LOAD_LOCAL4(pointer) (*(const __local float4 *)(pointer))
#define STORE_LOCAL4(pointer, value) (*(__local float4 *)(pointer) = (value))
#define STORE_FLOAT4(pointer, value) (*(__global float4 *)(pointer) = (value))
#define MAKE_FLOAT2(x, y) ((float2)(x, y))
#define MAKE_FLOAT4(x, y, z, w) ((float4)(x, y, z, w))
#define MAKE_UINT4(x, y, z, w) ((uint4)(x, y, z, w))

HELPER float half_to_float(ushort bits) {
    return vload_half(0, (const half *)&bits);
}

HELPER ushort float_to_half(float value) {
    ushort bits;
    vstore_half_rte(value, 0, (half *)&bits);
    return bits;
}

/* Over 32 consecutive threads, halving; all threads of the group call it. scratch: one float a thread. */
HELPER float lane_sum(float value, __local float *scratch) {
    scratch[THREAD] = value;
    BARRIER();
    if ((THREAD & 31) == 0) {
        for (int distance = 16; distance > 0; distance >>= 1) {
            for (int i = 0; i < distance; i++) {
                scratch[THREAD + i] += scratch[THREAD + i + distance];
            }
        }
    }
    BARRIER();
    float sum = scratch[THREAD & ~31];
    BARRIER();
    return sum;
}

HELPER float lane_max(float value, __local float *scratch) {
    scratch[THREAD] = value;
    BARRIER();
    float most = scratch[THREAD & ~31];
    for (int i = 1; i < 32; i++) {
        most = fmax(most, scratch[(THREAD & ~31) + i]);
    }
    BARRIER();
    return most;
}

/*
 * Sums over 32 lanes of several values at once, count of them, a constant of 1, 2, 4, 8, 16 or 32: a lane gets that of
 * values[SUMS_VALUE(lane, count)], of the bits that lane_sum gives. All threads of the group call it.
 * scratch: SUMS_FLOATS(count) for each 32 threads.
 */
#define SUMS_VALUE(lane, count) ((lane) * (count) >> 5)
#define SUMS_FLOATS(count) (33 * (count))
HELPER float lane_sums(const float *values, int count, __local float *scratch) {
    __local float *own = scratch + (THREAD >> 5) * SUMS_FLOATS(count);
    float tree[16];
    for (int v = 0; v < count; v++) {
        own[33 * v + (THREAD & 31)] = values[v];
    }
    BARRIER();
    own += 33 * SUMS_VALUE(THREAD & 31, count);
    for (int i = 0; i < 16; i++) {
        tree[i] = own[i] + own[i + 16];
    }
    for (int distance = 8; distance > 0; distance >>= 1) {
        for (int i = 0; i < distance; i++) {
            tree[i] += tree[i + distance];
        }
    }
    BARRIER();
    return tree[0];
}
