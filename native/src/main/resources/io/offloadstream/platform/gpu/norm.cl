// Copyright 2026 The OffloadStream authors
// SPDX-License-Identifier: Apache-2.0
//
// Norms of rows: one group of threads a row. Sums are float32: each thread adds every 256th element,
// then the threads' sums are added as group_sum does. A row's bits depend on that row alone.

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
    float scale = 1.0f / SQRT(group_sum(squares, scratch) / (float) width + eps);
    for (int i = THREAD; i < width; i += 256) {
        result[i] = row[i] * scale * load_element(weight, type, i);
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
    float mean = group_sum(sum, scratch) / (float) width;
    float squares = 0.0f;
    for (int i = THREAD; i < width; i += 256) {
        float difference = row[i] - mean;
        squares = FMA(difference, difference, squares);
    }
    float scale = 1.0f / SQRT(group_sum(squares, scratch) / (float) width + eps);
    for (int i = THREAD; i < width; i += 256) {
        float normal = (row[i] - mean) * scale * load_element(weight, type, i);
        result[i] = IS_NULL(bias) ? normal : normal + load_element(bias, type, i);
    }
}
