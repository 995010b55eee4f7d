/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */

/* Paged attention. One item (row, query head) at a time, so an item's result is its own. */
#include <float.h>

#include "vec.h"

/* Slots whose scores are held at a time: a page, or this part of a longer one. */
enum { BLOCK_SLOTS = 256 };

/* Vectors of a head that are summed at a time. */
enum { HEAD_VECTORS = 4 };

typedef struct {
    const float *q;
    float *y;
    int head_dim;
    float scale;
    float maximum; /* of the scores so far */
    float total;   /* of the shares so far, relative to maximum */
} item_state;

typedef struct {
    int count;                  /* slots of the block that the item sees */
    int32_t slots[BLOCK_SLOTS]; /* which, as rows from the keys of the block's page */
    float shares[BLOCK_SLOTS];  /* their scores, then exp(score - maximum) */
} block_state;

/* Dot products of the query with consecutive slots of the list, one accumulator each. */
INLINE void dots(int type, const item_state *s, block_state *b, const uint8_t *keys, int first,
                 int slots) {
    vf acc[HEAD_VECTORS];
    const size_t row_bytes = (size_t)s->head_dim * size_of(type);
    int i = 0;
    UNROLL for (int t = 0; t < slots; t++) acc[t] = v_set1(0.0f);
    for (; i + VL <= s->head_dim; i += VL) {
        vf q = v_load(s->q + i);
        UNROLL for (int t = 0; t < slots; t++) {
            const uint8_t *key = keys + (size_t)b->slots[first + t] * row_bytes;
            acc[t] = v_fma(q, load_as(key + (size_t)i * size_of(type), type), acc[t]);
        }
    }
    if (i < s->head_dim) {
        int n = s->head_dim - i;
        vf q = v_load_n(s->q + i, n);
        UNROLL for (int t = 0; t < slots; t++) {
            const uint8_t *key = keys + (size_t)b->slots[first + t] * row_bytes;
            acc[t] = v_fma(q, load_as_n(key + (size_t)i * size_of(type), type, n), acc[t]);
        }
    }
    UNROLL for (int t = 0; t < slots; t++) b->shares[first + t] = s->scale * v_sum(acc[t]);
}

/* Turns scores into shares; returns what everything summed before is to be multiplied with. */
INLINE float softmax_step(item_state *s, block_state *b) {
    float highest = s->maximum;
    float shrink;
    vf sum = v_set1(0.0f);
    int t = 0;
    for (int k = 0; k < b->count; k++) highest = b->shares[k] > highest ? b->shares[k] : highest;
    vf maximum = v_set1(highest);
    for (; t + VL <= b->count; t += VL) {
        vf share = v_exp(v_sub(v_load(b->shares + t), maximum));
        v_store(b->shares + t, share);
        sum = v_add(sum, share);
    }
    if (t < b->count) {
        int n = b->count - t;
        v_store_n(b->shares + t, v_exp(v_sub(v_load_n(b->shares + t, n), maximum)), n);
        sum = v_add(sum, v_load_n(b->shares + t, n));
    }
    vf change = v_exp(v_set1(s->maximum - highest));
    v_store_n(&shrink, change, 1);
    s->maximum = highest;
    s->total = s->total * shrink + v_sum(sum);
    return shrink;
}

/* y = y * shrink + sum_t share_t value_t for some vectors of the head, n < VL lanes if not 0. */
INLINE void mix(int type, const item_state *s, const block_state *b, const uint8_t *values, int i,
                int vectors, int n, float shrink) {
    vf acc[HEAD_VECTORS];
    const size_t row_bytes = (size_t)s->head_dim * size_of(type);
    UNROLL for (int c = 0; c < vectors; c++) {
        float *y = s->y + i + c * VL;
        acc[c] = v_mul(n ? v_load_n(y, n) : v_load(y), v_set1(shrink));
    }
    for (int t = 0; t < b->count; t++) {
        const uint8_t *value =
            values + (size_t)b->slots[t] * row_bytes + (size_t)i * size_of(type);
        vf share = v_set1(b->shares[t]);
        UNROLL for (int c = 0; c < vectors; c++) {
            const uint8_t *at = value + (size_t)c * VL * size_of(type);
            vf v = n ? load_as_n(at, type, n) : load_as(at, type);
            acc[c] = v_fma(share, v, acc[c]);
        }
    }
    UNROLL for (int c = 0; c < vectors; c++) {
        float *y = s->y + i + c * VL;
        if (n) {
            v_store_n(y, acc[c], n);
        } else {
            v_store(y, acc[c]);
        }
    }
}

INLINE void attend_block(int type, item_state *s, block_state *b, const uint8_t *keys,
                         const uint8_t *values) {
    int t = 0;
    int i = 0;
    for (; t + HEAD_VECTORS <= b->count; t += HEAD_VECTORS) {
        dots(type, s, b, keys, t, HEAD_VECTORS);
    }
    for (; t < b->count; t++) dots(type, s, b, keys, t, 1);
    float shrink = softmax_step(s, b);
    for (; i + HEAD_VECTORS * VL <= s->head_dim; i += HEAD_VECTORS * VL) {
        mix(type, s, b, values, i, HEAD_VECTORS, 0, shrink);
    }
    for (; i + VL <= s->head_dim; i += VL) mix(type, s, b, values, i, 1, 0, shrink);
    if (i < s->head_dim) mix(type, s, b, values, i, 1, s->head_dim - i, shrink);
}

/* One cache as attention sees it: a sequence's pages from the keys of one head on. */
typedef struct {
    const int64_t *pages;
    int64_t key_offset_bytes;
    int64_t value_offset_bytes;
    int32_t page_tokens;
    const uint8_t *mask;
} head_cache;

/* Slots [first, last], page by page; blocks start at page starts whatever first is. */
INLINE void attend(int type, item_state *s, const head_cache *cache, int first, int last) {
    block_state b;
    for (int i = 0; i < s->head_dim; i++) s->y[i] = 0.0f;
    s->maximum = -FLT_MAX; /* not -inf, so that no difference of scores is a NaN */
    s->total = 0.0f;
    for (int page = first / cache->page_tokens; page <= last / cache->page_tokens; page++) {
        int base = page * cache->page_tokens;
        for (int part = 0; part < cache->page_tokens; part += BLOCK_SLOTS) {
            int end = part + BLOCK_SLOTS < cache->page_tokens ? part + BLOCK_SLOTS
                                                              : cache->page_tokens;
            b.count = 0;
            for (int t = part; t < end; t++) {
                int slot = base + t;
                if (slot >= first && slot <= last && (!cache->mask || cache->mask[slot])) {
                    b.slots[b.count++] = t;
                }
            }
            if (b.count > 0) {
                const uint8_t *keys =
                    (const uint8_t *)(intptr_t)(cache->pages[page] + cache->key_offset_bytes);
                attend_block(type, s, &b, keys, keys + cache->value_offset_bytes);
            }
        }
    }
    if (s->total > 0) {
        for (int i = 0; i < s->head_dim; i++) s->y[i] = s->y[i] / s->total;
    }
}

static void attention(const float *q, int32_t heads, int32_t kv_heads, int32_t head_dim,
                      float scale, const int32_t *row_sequence, const int32_t *row_slot,
                      const int64_t *pages, int32_t max_pages, int64_t layer_offset_bytes,
                      int64_t value_offset_bytes, int32_t page_tokens, int32_t kv_type,
                      const uint8_t *mask, int64_t mask_stride, int32_t window, float *y,
                      int64_t item_begin, int64_t item_end) {
    int64_t head_bytes = (int64_t)page_tokens * head_dim * (int64_t)size_of(kv_type);
    for (int64_t item = item_begin; item < item_end; item++) {
        int64_t row = item / heads;
        int64_t kv_head = item % heads / (heads / kv_heads);
        int64_t sequence = row_sequence[row];
        int last = row_slot[row];
        int first = window > 0 && last - window + 1 > 0 ? last - window + 1 : 0;
        const head_cache cache = {pages + sequence * max_pages,
                                  layer_offset_bytes + kv_head * head_bytes, value_offset_bytes,
                                  page_tokens, mask ? mask + sequence * mask_stride : NULL};
        item_state s = {q + item * head_dim, y + item * head_dim, head_dim, scale, 0.0f, 0.0f};
        FOR_TYPE(kv_type, attend, &s, &cache, first, last);
    }
}
