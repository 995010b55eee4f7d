/* Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * A cuBLAS for the fake driver: one function, written as its documentation defines it, column by column. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define NOT_INITIALIZED 1
#define INVALID_VALUE 7
#define R_32F 0
#define R_16F 2
#define R_16BF 14

typedef struct { void *stream, *workspace; size_t workspace_bytes; int math; } Handle;

int cublasCreate_v2(Handle **handle) { *handle = calloc(1, sizeof **handle); return 0; }
int cublasDestroy_v2(Handle *handle) { free(handle); return 0; }
int cublasSetMathMode(Handle *handle, int mode) { handle->math = mode; return 0; }

int cublasSetStream_v2(Handle *handle, void *stream) {
    handle->stream = stream;
    handle->workspace = NULL;
    return 0;
}

int cublasSetWorkspace_v2(Handle *handle, void *workspace, size_t bytes) {
    handle->workspace = workspace;
    handle->workspace_bytes = bytes;
    return (uintptr_t)workspace % 256 ? INVALID_VALUE : 0;
}

static long products;

/* How many products were made. */
long fake_products(void) { return products; }

static float from_bits(uint32_t bits) {
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* The exponent's bias is 112 less than a float's; what has no exponent loses nothing either way. */
static float from_half(uint16_t half) {
    float magnitude = (half & 0x7c00) == 0x7c00 ? from_bits(0x7f800000u | (uint32_t)(half & 0x3ff) << 13)
                                                : from_bits((uint32_t)(half & 0x7fff) << 13) * 0x1p112f;
    return half & 0x8000 ? -magnitude : magnitude;
}

static float element(const void *matrix, int type, size_t index) {
    if (type == R_32F) return ((const float *)matrix)[index];
    uint16_t bits = ((const uint16_t *)matrix)[index];
    return type == R_16F ? from_half(bits) : from_bits((uint32_t)bits << 16);
}

int cublasGemmEx(Handle *handle, int a_op, int b_op, int m, int n, int k, const float *alpha, const void *a, int a_type,
                 int a_lead, const void *b, int b_type, int b_lead, const float *beta, float *c, int c_type, int c_lead,
                 int compute, int algorithm) {
    if (!handle->stream || !handle->workspace) return NOT_INITIALIZED;
    if (a_type != b_type || (a_type != R_32F && a_type != R_16F && a_type != R_16BF) || c_type != R_32F || algorithm != -1) return INVALID_VALUE;
    if (compute != (a_type == R_32F ? 69 : 68) || handle->math != 16) return INVALID_VALUE;
    if (a_lead < (a_op ? k : m) || b_lead < (b_op ? n : k) || c_lead < m) return INVALID_VALUE;
    products++;
    for (int column = 0; column < n; column++) {
        for (int row = 0; row < m; row++) {
            float sum = 0;
            for (int i = 0; i < k; i++) {
                size_t at_a = a_op ? (size_t)row * a_lead + i : (size_t)i * a_lead + row;
                size_t at_b = b_op ? (size_t)i * b_lead + column : (size_t)column * b_lead + i;
                sum += element(a, a_type, at_a) * element(b, b_type, at_b);
            }
            float *target = c + (size_t)column * c_lead + row;
            *target = *alpha * sum + (*beta == 0 ? 0 : *beta * *target);
        }
    }
    return 0;
}
