/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */

/* The kernel language in CUDA C++ as NVRTC compiles it, without headers. Its twin is prelude_opencl.h. */

#pragma nv_diag_suppress 177 /* a helper that a module does not use */

typedef unsigned char uchar;
typedef unsigned short ushort;
typedef unsigned int uint;
typedef long long INT64;

/* At least 1 group on a processor: left to itself the compiler spills registers for more. */
#define KERNEL(threads) extern "C" __global__ __launch_bounds__(threads, 1)
#define HELPER static __device__ __forceinline__
#define GLOBAL
#define LOCAL_PTR
#define CONSTANT __constant__
#define UNROLL _Pragma("unroll")

/* A pointer, and an offset that is always 0: the parameters are those of OpenCL. */
#define BUFFER(type, name) type *name##_base, INT64 name##_offset
#define POINTER(type, name) type *name = (type *)((char *)name##_base + name##_offset)
#define IS_NULL(name) (name##_base == 0)
#define SHARED(type, name, count) __shared__ __align__(16) type name[count]

#define THREAD ((int)threadIdx.x)
#define THREADS ((int)blockDim.x)
#define GROUP_X ((int)blockIdx.x)
#define GROUP_Y ((int)blockIdx.y)
#define GROUP_Z ((int)blockIdx.z)
#define GROUPS_X ((int)gridDim.x)
#define GROUPS_Y ((int)gridDim.y)
#define GROUPS_Z ((int)gridDim.z)
#define BARRIER() __syncthreads()

#define FMA(a, b, c) fmaf(a, b, c)
#define EXP(x) expf(x)
#define SQRT(x) sqrtf(x)
#define TANH(x) tanhf(x)
#define ERF(x) erff(x)
#define FMAX(a, b) fmaxf(a, b)
#define FMIN(a, b) fminf(a, b)
#define INF __int_as_float(0x7f800000)
#define as_float(bits) __uint_as_float(bits)
#define as_uint(value) __float_as_uint(value)

/* 16 bytes from an address that is a multiple of 16, read once: past the first cache */
HELPER uint4 load_uint4(const void *pointer) {
    uint4 value;
#if __CUDA_ARCH__ >= 700
    asm("ld.global.nc.L1::no_allocate.v4.u32 {%0, %1, %2, %3}, [%4];"
#else
    asm("ld.global.nc.v4.u32 {%0, %1, %2, %3}, [%4];"
#endif
        : "=r"(value.x), "=r"(value.y), "=r"(value.z), "=r"(value.w)
        : "l"(pointer));
    return value;
}
#define LOAD_UINT4(pointer) load_uint4(pointer)

/* 4 floats, at a multiple of 4 */
#define LOAD_FLOAT4(pointer) (*(const float4 *)(pointer))
#define LOAD_LOCAL4(pointer) (*(const float4 *)(pointer))
#define STORE_LOCAL4(pointer, value) (*(float4 *)(pointer) = (value))
#define STORE_FLOAT4(pointer, value) (*(float4 *)(pointer) = (value))
#define MAKE_FLOAT2(x, y) make_float2(x, y)
#define MAKE_FLOAT4(x, y, z, w) make_float4(x, y, z, w)
#define MAKE_UINT4(x, y, z, w) make_uint4(x, y, z, w)

HELPER float half_to_float(ushort bits) {
    float value;
    asm("cvt.f32.f16 %0, %1;" : "=f"(value) : "h"(bits));
    return value;
}

HELPER ushort float_to_half(float value) {
    ushort bits;
    asm("cvt.rn.f16.f32 %0, %1;" : "=h"(bits) : "f"(value));
    return bits;
}

#if __CUDA_ARCH__ >= 900
/* Two float8 to the low and the high half of a word. Without it prelude_common.h takes them one by one. */
HELPER uint e4m3x2_to_half2(ushort bits) {
    uint halves;
    asm("cvt.rn.f16x2.e4m3x2 %0, %1;" : "=r"(halves) : "h"(bits));
    return halves;
}
#define E4M3X2_TO_HALF2(bits) e4m3x2_to_half2(bits)
#endif

/* Over 32 consecutive threads, halving; all threads of the group call it. scratch is not used here. */
HELPER float lane_sum(float value, float *scratch) {
    UNROLL
    for (int distance = 16; distance > 0; distance >>= 1) {
        value += __shfl_xor_sync(0xffffffffu, value, distance);
    }
    return value;
}

HELPER float lane_max(float value, float *scratch) {
    UNROLL
    for (int distance = 16; distance > 0; distance >>= 1) {
        value = fmaxf(value, __shfl_xor_sync(0xffffffffu, value, distance));
    }
    return value;
}

/*
 * As in prelude_opencl.h. A step halves the values that a lane still cares for: it hands those over that its partner
 * keeps. So 31 shuffles sum 32 values, where one after another would take 160.
 */
#define SUMS_VALUE(lane, count) ((lane) * (count) >> 5)
#define SUMS_FLOATS(count) 1
HELPER float lane_sums(const float *values, int count, float *scratch) {
    float kept[32];
    UNROLL
    for (int v = 0; v < 32; v++) {
        if (v < count) {
            kept[v] = values[v];
        }
    }
    UNROLL
    for (int distance = 16; distance > 0; distance >>= 1) {
        const int half = count * distance >> 5;
        const bool upper = (THREAD & distance) != 0;
        if (half == 0) {
            kept[0] += __shfl_xor_sync(0xffffffffu, kept[0], distance);
        }
        UNROLL
        for (int v = 0; v < 16; v++) {
            if (v < half) {
                float own = upper ? kept[v + half] : kept[v];
                float other = upper ? kept[v] : kept[v + half];
                kept[v] = own + __shfl_xor_sync(0xffffffffu, other, distance);
            }
        }
    }
    return kept[0];
}
