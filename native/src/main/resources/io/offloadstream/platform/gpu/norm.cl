// Copyright 2026 The OffloadStream authors
// SPDX-License-Identifier: Apache-2.0
//
// Norms of rows: one group of threads a row. Sums are float32: each thread adds every 256th element,
// then the threads' sums are added by halves. A row's bits depend on that row alone.

// An element of a stored vector: F32, F16 or BF16 by DType.code().
HELPER float weight_at(GLOBAL const uchar* vector, int index, int type) {
    if (type == 0) {
        return ((GLOBAL const float*) vector)[index];
    }
    ushort bits = ((GLOBAL const ushort*) vector)[index];
    return type == 1 ? half_to_float(bits) : bf16_to_float(bits);
}

// The sum of one value of each of 256 threads, known to all of them.
HELPER float sum_of_group(float value, LOCAL_PTR float* scratch) {
    BARRIER();
    scratch[THREAD] = value;
    for (int half = 128; half > 0; half /= 2) {
        BARRIER();
        if (THREAD < half) {
            scratch[THREAD] += scratch[THREAD + half];
        }
    }
    BARRIER();
    return scratch[0];
}

KERNEL(256) void rms_norm(
        BUFFER(const float, x),
        BUFFER(const uchar, weight),
        BUFFER(float, y),
        int width,
        int type,
        float eps) {
    POINTER(const float, x);
    POINTER(const uchar, weight);
    POINTER(float, y);
    SHARED(float, scratch, 256);
    GLOBAL const float* row = x + (INT64) GROUP_X * width;
    GLOBAL float* result = y + (INT64) GROUP_X * width;
    float squares = 0.0f;
    for (int i = THREAD; i < width; i += 256) {
        squares = FMA(row[i], row[i], squares);
    }
    float scale = 1.0f / SQRT(sum_of_group(squares, scratch) / (float) width + eps);
    for (int i = THREAD; i < width; i += 256) {
        result[i] = row[i] * scale * weight_at(weight, i, type);
    }
}

// The variance is summed from differences to the mean: a second look at the row, but no cancellation.
KERNEL(256) void layer_norm(
        BUFFER(const float, x),
        BUFFER(const uchar, weight),
        BUFFER(const uchar, bias),
        BUFFER(float, y),
        int width,
        int type,
        float eps) {
    POINTER(const float, x);
    POINTER(const uchar, weight);
    POINTER(const uchar, bias);
    POINTER(float, y);
    SHARED(float, scratch, 256);
    GLOBAL const float* row = x + (INT64) GROUP_X * width;
    GLOBAL float* result = y + (INT64) GROUP_X * width;
    float sum = 0.0f;
    for (int i = THREAD; i < width; i += 256) {
        sum += row[i];
    }
    float mean = sum_of_group(sum, scratch) / (float) width;
    float squares = 0.0f;
    for (int i = THREAD; i < width; i += 256) {
        float difference = row[i] - mean;
        squares = FMA(difference, difference, squares);
    }
    float scale = 1.0f / SQRT(sum_of_group(squares, scratch) / (float) width + eps);
    for (int i = THREAD; i < width; i += 256) {
        float normal = (row[i] - mean) * scale * weight_at(weight, i, type);
        result[i] = IS_NULL(bias) ? normal : normal + weight_at(bias, i, type);
    }
}
