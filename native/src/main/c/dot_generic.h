/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */

/* Any processor. See dot.h. */
#define INT8_ROWS 2

typedef int8_t vq __attribute__((vector_size(16)));

static inline vq q_load(const void *p) {
    vq a;
    memcpy(&a, p, sizeof a);
    return a;
}
static inline void q_store(void *p, vq a) { memcpy(p, &a, sizeof a); }
static inline vi i_set1(int32_t a) { return (vi){a, a, a, a}; }
static inline vq q_set1(const void *p) {
    int32_t four;
    memcpy(&four, p, 4);
    return (vq)i_set1(four);
}
static inline vq q_pieces(const uint8_t *const *p, size_t at) { return q_load(p[0] + at); }
static inline vq q_bytes(vq a) { return a; }
static inline vq q_low(vq a) { return (a & 15) - 8; }
static inline vq q_high(vq a) { return ((a >> 4) & 15) - 8; }

INLINE int offset_bits(int type) {
    (void)type;
    return 0;
}

INLINE void q_blocks(int type, const uint8_t *p, vq *w) {
    vq a = q_load(p + 2);
    w[0] = type == OFS_Q4_0 ? q_low(a) : a;
    w[1] = type == OFS_Q4_0 ? q_high(a) : q_load(p + 2 + PIECE);
}

INLINE vf v_scales(int type, const uint8_t *const *p) {
    uint16_t s[4];
    (void)type;
    UNROLL for (int k = 0; k < 4; k++) memcpy(s + k, p[k], 2);
    return v_load_f16(s);
}

static inline void q_transpose(vq *v) {
    vi a = (vi)v[0], b = (vi)v[1], c = (vi)v[2], d = (vi)v[3];
    UNROLL for (int k = 0; k < 4; k++) v[k] = (vq)(vi){a[k], b[k], c[k], d[k]};
}

/* 2 * 128 * 127 fits 16 bits; the halves of a pair of products are the halves of an int32. */
typedef int8_t vq_half __attribute__((vector_size(8)));
typedef int16_t v_products __attribute__((vector_size(16)));
INLINE vi i_pairs(vq_half w, vq_half x) {
    v_products a = __builtin_convertvector(w, v_products) * __builtin_convertvector(x, v_products);
    return ((vi)((vu)a << 16) >> 16) + ((vi)a >> 16);
}
INLINE vi i_dot(int type, vi sum, vq w, vq x) {
    vq_half half[4];
    (void)type;
    memcpy(half, &w, 16);
    memcpy(half + 2, &x, 16);
    const vi a = i_pairs(half[0], half[2]);
    const vi b = i_pairs(half[1], half[3]);
    return sum + (vi){a[0], a[2], b[0], b[2]} + (vi){a[1], a[3], b[1], b[3]};
}
INLINE vi i_sub_shifted(vi a, vi b, int bits) { return a - (b << bits); }
static inline vf v_of(vi a) { return __builtin_convertvector(a, vf); }
static inline vi i_sum4(vi a, vi b, vi c, vi d) {
    return (vi){a[0] + a[1] + a[2] + a[3], b[0] + b[1] + b[2] + b[3], c[0] + c[1] + c[2] + c[3],
                d[0] + d[1] + d[2] + d[3]};
}
static inline vi i_spread(const int32_t *p) { return i_set1(*p); }
static inline vf v_spread(const float *p) { return v_set1(*p); }
static inline void v_fold(vf a, float *to) { v_store(to, a); }
