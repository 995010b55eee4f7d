/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */

/* Norms, rotations, activations and conversions. */
#include "packed.h"

INLINE void rms_norm_row(int type, const float *x, int width, const uint8_t *weight, float eps,
                         float *y) {
    vf squares = v_set1(0.0f);
    int i = 0;
    for (; i + VL <= width; i += VL) squares = v_fma(v_load(x + i), v_load(x + i), squares);
    if (i < width) {
        vf a = v_load_n(x + i, width - i);
        squares = v_fma(a, a, squares);
    }
    vf scale = v_set1(1.0f / __builtin_sqrtf(v_sum(squares) / (float)width + eps));
    for (i = 0; i + VL <= width; i += VL, weight += VL * size_of(type)) {
        v_store(y + i, v_mul(v_mul(v_load(x + i), scale), load_as(weight, type)));
    }
    if (i < width) {
        int n = width - i;
        v_store_n(y + i, v_mul(v_mul(v_load_n(x + i, n), scale), load_as_n(weight, type, n)), n);
    }
}

static void rms_norm(const float *x, int32_t rows, int32_t width, const void *weight,
                     int32_t weight_type, float eps, float *y) {
    for (size_t r = 0; r < (size_t)rows; r++) {
        size_t at = r * (size_t)width;
        FOR_TYPE(weight_type, rms_norm_row, x + at, width, weight, eps, y + at);
    }
}

/* The first n lanes, the others 0. */
INLINE vf keep_n(vf a, int n) {
    float lane[VL];
    v_store(lane, a);
    return v_load_n(lane, n);
}

INLINE void layer_norm_row(int type, const float *x, int width, const uint8_t *weight,
                           const uint8_t *bias, float eps, float *y) {
    vf sum = v_set1(0.0f);
    vf squares = v_set1(0.0f);
    int i = 0;
    for (; i + VL <= width; i += VL) sum = v_add(sum, v_load(x + i));
    if (i < width) sum = v_add(sum, v_load_n(x + i, width - i));
    vf mean = v_set1(v_sum(sum) / (float)width);
    for (i = 0; i + VL <= width; i += VL) {
        vf a = v_sub(v_load(x + i), mean);
        squares = v_fma(a, a, squares);
    }
    if (i < width) {
        vf a = keep_n(v_sub(v_load_n(x + i, width - i), mean), width - i);
        squares = v_fma(a, a, squares);
    }
    vf scale = v_set1(1.0f / __builtin_sqrtf(v_sum(squares) / (float)width + eps));
    for (i = 0; i < width; i += VL) {
        int n = width - i < VL ? width - i : VL;
        const uint8_t *w = weight + (size_t)i * size_of(type);
        const uint8_t *b = bias + (size_t)i * size_of(type);
        vf zero = v_set1(0.0f);
        if (n == VL) {
            vf a = v_mul(v_mul(v_sub(v_load(x + i), mean), scale), load_as(w, type));
            v_store(y + i, v_add(a, bias ? load_as(b, type) : zero));
        } else {
            vf a = v_mul(v_mul(v_sub(v_load_n(x + i, n), mean), scale), load_as_n(w, type, n));
            v_store_n(y + i, v_add(a, bias ? load_as_n(b, type, n) : zero), n);
        }
    }
}

static void layer_norm(const float *x, int32_t rows, int32_t width, const void *weight,
                       const void *bias, int32_t type, float eps, float *y) {
    for (size_t r = 0; r < (size_t)rows; r++) {
        size_t at = r * (size_t)width;
        FOR_TYPE(type, layer_norm_row, x + at, width, weight, bias, eps, y + at);
    }
}

static void rope(float *x, int32_t rows, int32_t heads, int32_t head_dim, int32_t half_dim,
                 const float *cos, const float *sin, int32_t interleaved) {
    const int step = interleaved ? 2 : 1;
    const int partner = interleaved ? 1 : half_dim;
    for (int64_t head = 0; head < (int64_t)rows * heads; head++) {
        float *first = x + head * head_dim;
        float *second = first + partner;
        const float *c = cos + head / heads * half_dim;
        const float *s = sin + head / heads * half_dim;
        int i = 0;
        for (; step == 1 && i + VL <= half_dim; i += VL) {
            vf a = v_load(first + i);
            vf b = v_load(second + i);
            v_store(first + i, v_sub(v_mul(a, v_load(c + i)), v_mul(b, v_load(s + i))));
            v_store(second + i, v_add(v_mul(b, v_load(c + i)), v_mul(a, v_load(s + i))));
        }
        for (; i < half_dim; i++) {
            float a = first[i * step];
            float b = second[i * step];
            first[i * step] = a * c[i] - b * s[i];
            second[i * step] = b * c[i] + a * s[i];
        }
    }
}

static void store_kv(const float *x, int32_t rows, int32_t kv_heads, int32_t head_dim,
                     const int64_t *targets, int64_t offset_bytes, int64_t head_stride_bytes,
                     int32_t kv_type) {
    for (int64_t head = 0; head < (int64_t)rows * kv_heads; head++) {
        int64_t target = targets[head / kv_heads];
        const float *source = x + head * head_dim;
        if (target == 0) continue;
        target += offset_bytes + head % kv_heads * head_stride_bytes;
        void *at = (void *)(intptr_t)target;
        uint16_t *half = at;
        if (kv_type == OFS_F32) {
            memcpy(at, source, 4 * (size_t)head_dim);
        } else if (kv_type == OFS_BF16) {
            for (int i = 0; i < head_dim; i++) half[i] = to_bf16(source[i]);
        } else {
            for (int i = 0; i < head_dim; i++) half[i] = to_f16(source[i]);
        }
    }
}

/* x / (1 + e^-x) */
INLINE vf silu(vf x) {
    vf one = v_set1(1.0f);
    return v_div(x, v_add(one, v_exp(v_sub(v_set1(0.0f), x))));
}

/* 0.5 (1 + tanh v) = 1 / (1 + e^(-2 v)), which does not cancel for negative v. */
INLINE vf gelu_tanh(vf x) {
    vf cube = v_mul(v_mul(x, x), x);
    vf v = v_mul(v_fma(cube, v_set1(0.044715f), x), v_set1(-2.0f * 0.7978845608028654f));
    return v_div(x, v_add(v_set1(1.0f), v_exp(v)));
}

/*
 * 0.5 (1 + erf(x / sqrt 2)) is e(x) for x < 0 and 1 - e(x) else, e(x) = 0.5 erfc(z / sqrt 2) with
 * z = |x|. e(x) e^(z^2 / 2) is fitted by a polynomial in 1 / (1 + 0.35 z) for z <= 14, to 3.2e-8 of
 * itself (least squares with Lawson's weights); beyond, e^(-z^2 / 2) is 0 in float32.
 */
INLINE vf gelu_erf(vf x) {
    static const float fit[] = {-0.029146139f, 0.14397271f,  -0.25571632f, 0.15917648f, -0.023111418f,
                                0.10550866f,   0.119832702f, 0.1398619f,   0.13962141f};
    vf z = v_max(x, v_sub(v_set1(0.0f), x));
    vf t = v_div(v_set1(1.0f), v_fma(z, v_set1(0.35f), v_set1(1.0f)));
    vf e = v_set1(fit[0]);
    UNROLL for (int i = 1; i < 9; i++) e = v_fma(e, t, v_set1(fit[i]));
    e = v_mul(v_mul(e, t), v_exp(v_mul(v_mul(z, z), v_set1(-0.5f))));
    vf tail = v_mul(x, e);
    return v_select_lt(x, v_set1(0.0f), tail, v_sub(x, tail));
}

INLINE vf activation_of(int activation, vf x) {
    return activation == OFS_SILU        ? silu(x)
           : activation == OFS_GELU_TANH ? gelu_tanh(x)
           : activation == OFS_GELU_ERF  ? gelu_erf(x)
                                         : v_max(v_set1(0.0f), x);
}

INLINE void activate_all(int activation, const float *x, const float *up, int64_t count,
                         float *y) {
    int64_t i = 0;
    for (; i + VL <= count; i += VL) {
        vf a = activation_of(activation, v_load(x + i));
        v_store(y + i, up ? v_mul(a, v_load(up + i)) : a);
    }
    if (i < count) {
        int n = (int)(count - i);
        vf a = activation_of(activation, v_load_n(x + i, n));
        v_store_n(y + i, up ? v_mul(a, v_load_n(up + i, n)) : a, n);
    }
}

static void activate_any(int32_t activation, const float *x, const float *up, int64_t count,
                         float *y) {
    switch (activation) {
    case OFS_SILU: activate_all(OFS_SILU, x, up, count, y); break;
    case OFS_GELU_TANH: activate_all(OFS_GELU_TANH, x, up, count, y); break;
    case OFS_GELU_ERF: activate_all(OFS_GELU_ERF, x, up, count, y); break;
    default: activate_all(OFS_RELU, x, up, count, y); break;
    }
}

static void activate(int32_t activation, const float *x, int64_t count, float *y) {
    activate_any(activation, x, NULL, count, y);
}

static void activate_multiply(int32_t activation, const float *gate, const float *up,
                              int64_t count, float *y) {
    activate_any(activation, gate, up, count, y);
}

static void add(float *target, const float *x, int64_t count) {
    int64_t i = 0;
    for (; i + VL <= count; i += VL) v_store(target + i, v_add(v_load(target + i), v_load(x + i)));
    for (; i < count; i++) target[i] += x[i];
}

INLINE void gather_blocks(int type, const uint8_t *source, int width, float *y) {
    for (int i = 0; i < width; i += BLOCK, source += bytes_of(type, BLOCK)) {
        UNROLL for (int v = 0; v < BLOCK_VECTORS; v++) {
            v_store(y + i + v * VL, load_vector(type, NULL, 0, 0, source, v));
        }
    }
}

INLINE void gather_row(int type, const uint8_t *source, int width, float *y) {
    int i = 0;
    if (is_blocks(type)) {
        gather_blocks(type, source, width, y);
        return;
    }
    for (; i + VL <= width; i += VL) v_store(y + i, load_as(source + (size_t)i * size_of(type), type));
    if (i < width) {
        int n = width - i;
        v_store_n(y + i, load_as_n(source + (size_t)i * size_of(type), type, n), n);
    }
}

static void gather(const int64_t *addresses, int32_t rows, int32_t width, int32_t type, float *y) {
    for (int64_t r = 0; r < rows; r++) {
        const uint8_t *source = (const uint8_t *)(intptr_t)addresses[r];
        FOR_WEIGHT_TYPE(type, gather_row, source, width, y + r * width);
    }
}

static void gather_packed(const int64_t *addresses, const int64_t *numbers, const void *all,
                          int32_t rows, int32_t width, float *y) {
    const vtable table = v_table(all);
    uint16_t block[BLOCK];
    for (int64_t r = 0; r < rows; r++, y += width) {
        const uint8_t *source = (const uint8_t *)(intptr_t)addresses[r];
        escapes e = escapes_of(all, numbers[r]);
        for (size_t i = 0; i < (size_t)width; i += BLOCK, source += PACKED_BYTES) {
            unpack_block(source, table, &e, i, block);
            UNROLL for (int v = 0; v < BLOCK_VECTORS; v++) {
                v_store(y + i + v * VL, v_load_bf16(block + v * VL));
            }
        }
    }
}
