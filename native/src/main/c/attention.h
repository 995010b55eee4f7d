/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */

/*
 * Paged attention. Queries of some rows that share a head of keys and values run as a team, so that
 * each of these is read and converted once for several queries. An item (row, query head) is summed
 * in an order of its own, whoever else is in its team: scores along the head; shares and values
 * slot by slot, over blocks of slots that begin where pages do, with an online softmax.
 *
 * A page has a head's keys and values in short runs, which the prefetchers of processors follow
 * badly. So while the first queries of a team meet the keys of a slot, its values are fetched into
 * the second-level cache; while they meet its values, the keys of the next page (docs/decisions.md
 * has figures).
 */
#include <float.h>

#include "vec.h"

enum {
    BLOCK_SLOTS = 256, /* slots whose scores are held at a time: a page, or a part of a longer one */
    TEAM = 16,         /* the most queries of a team */
    HEAD_VECTORS = 4   /* vectors of a head, or slots, in a tile of TILE_QUERIES queries */
};

typedef struct {
    const float *q;
    float *y;
    int first;     /* slots that the row sees, but for the mask */
    int last;
    float maximum; /* of the scores so far */
    float total;   /* of the shares so far, relative to maximum */
    int begin;     /* which slots of the block's list the row sees */
    int end;
} query_state;

typedef struct {
    int head_dim;
    float scale;
    int queries;
    query_state query[TEAM];
    const uint8_t *ahead;             /* of the keys or values that follow the block's: a hint */
    int count;                        /* slots of the block that any query sees */
    int32_t slots[BLOCK_SLOTS];       /* which, as rows from the keys of the block's page */
    float shares[TEAM][BLOCK_SLOTS];  /* their scores, then exp(score - maximum) */
} team_state;

/* One cache as attention sees it: a sequence's pages from the keys of one head on. */
typedef struct {
    const int64_t *pages;
    int64_t key_offset_bytes;
    int64_t value_offset_bytes;
    int32_t page_tokens;
    const uint8_t *mask;
} head_cache;

/* Fetches what is read after a slot of the list. */
INLINE void fetch_slot(int type, const team_state *s, int t) {
    const size_t row_bytes = (size_t)s->head_dim * size_of(type);
    fetch_ahead(s->ahead + (size_t)s->slots[t] * row_bytes, row_bytes);
}

/* Products of some queries with HEAD_VECTORS consecutive slots of the list, or with one. */
INLINE void dots(int type, team_state *s, const uint8_t *keys, int query, int slot, int queries,
                 int slots) {
    vf acc[TILE_QUERIES][HEAD_VECTORS];
    const int dim = s->head_dim;
    const size_t row_bytes = (size_t)dim * size_of(type);
    if (query == 0) {
        for (int t = 0; t < slots; t++) fetch_slot(type, s, slot + t);
    }
    UNROLL for (int j = 0; j < queries; j++) {
        UNROLL for (int t = 0; t < slots; t++) acc[j][t] = v_set1(0.0f);
    }
    for (int i = 0; i < dim; i += VL) {
        const int n = dim - i < VL ? dim - i : 0;
        vf q[TILE_QUERIES];
        UNROLL for (int j = 0; j < queries; j++) {
            const float *at = s->query[query + j].q + i;
            q[j] = n ? v_load_n(at, n) : v_load(at);
        }
        UNROLL for (int t = 0; t < slots; t++) {
            const uint8_t *at =
                keys + (size_t)s->slots[slot + t] * row_bytes + (size_t)i * size_of(type);
            const vf key = n ? load_as_n(at, type, n) : load_as(at, type);
            UNROLL for (int j = 0; j < queries; j++) acc[j][t] = v_fma(q[j], key, acc[j][t]);
        }
    }
    UNROLL for (int j = 0; j < queries; j++) {
        float *to = s->shares[query + j] + slot;
        if (slots == HEAD_VECTORS) {
            v_sum4(acc[j][0], acc[j][1], acc[j][2], acc[j][3], to);
        } else {
            *to = v_sum(acc[j][0]);
        }
    }
}

INLINE void score(int type, team_state *s, const uint8_t *keys, int query, int queries) {
    int t = 0;
    for (; t + HEAD_VECTORS <= s->count; t += HEAD_VECTORS) {
        dots(type, s, keys, query, t, queries, HEAD_VECTORS);
    }
    for (; t < s->count; t++) dots(type, s, keys, query, t, queries, 1);
}

/* Scales products; returns the highest of them, or `least`. */
static float scale_scores(float *scores, int count, float scale, float least) {
    float lane[VL];
    vf highest = v_set1(least);
    int t = 0;
    for (; t + VL <= count; t += VL) {
        vf a = v_mul(v_set1(scale), v_load(scores + t));
        v_store(scores + t, a);
        highest = v_max(a, highest);
    }
    v_store(lane, highest);
    for (int l = 0; l < VL; l++) least = lane[l] > least ? lane[l] : least;
    for (; t < count; t++) {
        scores[t] = scale * scores[t];
        least = scores[t] > least ? scores[t] : least;
    }
    return least;
}

/* Turns a query's products into shares; returns what was summed before is to be multiplied with. */
static float softmax_step(query_state *s, float scale, float *shares) {
    const int count = s->end - s->begin;
    float highest;
    float shrink;
    vf sum = v_set1(0.0f);
    int t = 0;
    shares += s->begin;
    highest = scale_scores(shares, count, scale, s->maximum);
    vf maximum = v_set1(highest);
    for (; t + VL <= count; t += VL) {
        vf share = v_exp(v_sub(v_load(shares + t), maximum));
        v_store(shares + t, share);
        sum = v_add(sum, share);
    }
    if (t < count) {
        int n = count - t;
        v_store_n(shares + t, v_exp(v_sub(v_load_n(shares + t, n), maximum)), n);
        sum = v_add(sum, v_load_n(shares + t, n));
    }
    vf change = v_exp(v_set1(s->maximum - highest));
    v_store_n(&shrink, change, 1);
    s->maximum = highest;
    s->total = s->total * shrink + v_sum(sum);
    return shrink;
}

/* y += sum of share times value over slots [begin, end) of the list, for some queries and vectors
 * of the head, n < VL lanes if n is not 0. */
INLINE void mix(int type, team_state *s, const uint8_t *values, int begin, int end, int query,
                int queries, int i, int vectors, int n) {
    vf acc[TILE_QUERIES][HEAD_VECTORS];
    const size_t row_bytes = (size_t)s->head_dim * size_of(type);
    UNROLL for (int j = 0; j < queries; j++) {
        UNROLL for (int c = 0; c < vectors; c++) {
            const float *y = s->query[query + j].y + i + c * VL;
            acc[j][c] = n ? v_load_n(y, n) : v_load(y);
        }
    }
    for (int t = begin; t < end; t++) {
        if (query == 0 && i == 0) fetch_slot(type, s, t);
        const uint8_t *row =
            values + (size_t)s->slots[t] * row_bytes + (size_t)i * size_of(type);
        UNROLL for (int c = 0; c < vectors; c++) {
            const uint8_t *at = row + (size_t)c * VL * size_of(type);
            const vf value = n ? load_as_n(at, type, n) : load_as(at, type);
            UNROLL for (int j = 0; j < queries; j++) {
                acc[j][c] = v_fma(v_set1(s->shares[query + j][t]), value, acc[j][c]);
            }
        }
    }
    UNROLL for (int j = 0; j < queries; j++) {
        UNROLL for (int c = 0; c < vectors; c++) {
            float *y = s->query[query + j].y + i + c * VL;
            if (n) {
                v_store_n(y, acc[j][c], n);
            } else {
                v_store(y, acc[j][c]);
            }
        }
    }
}

INLINE void mix_head(int type, team_state *s, const uint8_t *values, int begin, int end, int query,
                     int queries) {
    const int dim = s->head_dim;
    int i = 0;
    if (begin >= end) return;
    for (; i + HEAD_VECTORS * VL <= dim; i += HEAD_VECTORS * VL) {
        mix(type, s, values, begin, end, query, queries, i, HEAD_VECTORS, 0);
    }
    for (; i + VL <= dim; i += VL) mix(type, s, values, begin, end, query, queries, i, 1, 0);
    if (i < dim) mix(type, s, values, begin, end, query, queries, i, 1, dim - i);
}

/* Values of slots out of a query's sight may be anything, so queries share what all of them see. */
INLINE void mix_tile(int type, team_state *s, const uint8_t *values, int query) {
    const query_state *q = s->query + query;
    int begin = 0;
    int end = s->count;
    for (int j = 0; j < TILE_QUERIES; j++) {
        begin = q[j].begin > begin ? q[j].begin : begin;
        end = q[j].end < end ? q[j].end : end;
    }
    if (begin >= end) begin = end = s->count; /* nothing in common: all is before */
    for (int j = 0; j < TILE_QUERIES; j++) {
        int stop = q[j].end < begin ? q[j].end : begin;
        mix_head(type, s, values, q[j].begin, stop, query + j, 1);
    }
    mix_head(type, s, values, begin, end, query, TILE_QUERIES);
    for (int j = 0; j < TILE_QUERIES; j++) {
        mix_head(type, s, values, end, q[j].end, query + j, 1);
    }
}

/* Whether every query sees all of these slots. */
static int sees_all(const team_state *s, const head_cache *cache, int first, int last) {
    for (int j = 0; j < s->queries; j++) {
        if (first < s->query[j].first || last > s->query[j].last) return 0;
    }
    return !cache->mask;
}

/* Whether any query sees it, but for the mask. */
static int sees_slot(const team_state *s, int slot) {
    for (int j = 0; j < s->queries; j++) {
        if (slot >= s->query[j].first && slot <= s->query[j].last) return 1;
    }
    return 0;
}

/* Lists the slots [begin, end) of a page that any query sees, and finds each query's part. */
static void list_slots(team_state *s, const head_cache *cache, int base, int begin, int end) {
    const int all = sees_all(s, cache, base + begin, base + end - 1);
    s->count = all ? end - begin : 0;
    for (int j = 0; j < s->queries; j++) {
        s->query[j].begin = 0;
        s->query[j].end = s->count;
    }
    if (all) {
        for (int t = begin; t < end; t++) s->slots[t - begin] = t;
        return;
    }
    for (int t = begin; t < end; t++) {
        int slot = base + t;
        if ((cache->mask && !cache->mask[slot]) || !sees_slot(s, slot)) continue;
        for (int j = 0; j < s->queries; j++) {
            query_state *q = s->query + j;
            if (slot < q->first) q->begin = s->count + 1;
            if (slot <= q->last) q->end = s->count + 1;
        }
        s->slots[s->count++] = t;
    }
}

INLINE void attend_block(int type, team_state *s, const uint8_t *keys, const uint8_t *values,
                         const uint8_t *next_keys) {
    int j = 0;
    s->ahead = values;
    for (; j + TILE_QUERIES <= s->queries; j += TILE_QUERIES) score(type, s, keys, j, TILE_QUERIES);
    for (; j < s->queries; j++) score(type, s, keys, j, 1);
    for (j = 0; j < s->queries; j++) {
        query_state *q = s->query + j;
        if (q->begin >= q->end) {
            q->begin = q->end = 0;
            continue;
        }
        vf shrink = v_set1(softmax_step(q, s->scale, s->shares[j]));
        int i = 0;
        for (; i + VL <= s->head_dim; i += VL) v_store(q->y + i, v_mul(v_load(q->y + i), shrink));
        if (i < s->head_dim) {
            int n = s->head_dim - i;
            v_store_n(q->y + i, v_mul(v_load_n(q->y + i, n), shrink), n);
        }
    }
    s->ahead = next_keys;
    for (j = 0; j + TILE_QUERIES <= s->queries; j += TILE_QUERIES) mix_tile(type, s, values, j);
    for (; j < s->queries; j++) {
        mix_head(type, s, values, s->query[j].begin, s->query[j].end, j, 1);
    }
}

static const uint8_t *keys_of(const head_cache *cache, int page) {
    return (const uint8_t *)(intptr_t)(cache->pages[page] + cache->key_offset_bytes);
}

/* All queries of a team, page by page; blocks start at page starts whatever the first slot is. */
INLINE void attend(int type, team_state *s, const head_cache *cache) {
    int first = s->query[0].first;
    int last = s->query[0].last;
    for (int j = 0; j < s->queries; j++) {
        query_state *q = s->query + j;
        first = q->first < first ? q->first : first;
        last = q->last > last ? q->last : last;
        q->maximum = -FLT_MAX; /* not -inf, so that no difference of scores is a NaN */
        q->total = 0.0f;
        for (int i = 0; i < s->head_dim; i++) q->y[i] = 0.0f;
    }
    const int last_page = last / cache->page_tokens;
    for (int page = first / cache->page_tokens; page <= last_page; page++) {
        const uint8_t *keys = keys_of(cache, page);
        const uint8_t *next_keys = page < last_page ? keys_of(cache, page + 1) : keys;
        int base = page * cache->page_tokens;
        int page_begin = first - base > 0 ? first - base : 0;
        int page_end = last - base + 1 < cache->page_tokens ? last - base + 1 : cache->page_tokens;
        for (int part = page_begin / BLOCK_SLOTS * BLOCK_SLOTS; part < page_end;
             part += BLOCK_SLOTS) {
            int begin = part > page_begin ? part : page_begin;
            int end = part + BLOCK_SLOTS < page_end ? part + BLOCK_SLOTS : page_end;
            list_slots(s, cache, base, begin, end);
            if (s->count > 0) {
                attend_block(type, s, keys, keys + cache->value_offset_bytes, next_keys);
            }
        }
    }
    for (int j = 0; j < s->queries; j++) {
        query_state *q = s->query + j;
        for (int i = 0; q->total > 0 && i < s->head_dim; i++) q->y[i] = q->y[i] / q->total;
    }
}

static void attention(const float *q, int32_t heads, int32_t kv_heads, int32_t head_dim,
                      float scale, const int32_t *row_sequence, const int32_t *row_slot,
                      const int64_t *pages, int32_t max_pages, int64_t layer_offset_bytes,
                      int64_t value_offset_bytes, int32_t page_tokens, int32_t kv_type,
                      const uint8_t *mask, int64_t mask_stride, int32_t window, float *y,
                      int64_t item_begin, int64_t item_end) {
    const int64_t head_bytes = (int64_t)page_tokens * head_dim * (int64_t)size_of(kv_type);
    const int64_t group = heads / kv_heads;
    const int64_t team_rows = group < TEAM ? TEAM / group : 1;
    team_state s = {.head_dim = head_dim, .scale = scale};
    for (int64_t item = item_begin; item < item_end;) {
        /* Whole rows of one sequence, or what there is of a row */
        const int64_t row = item / heads;
        const int64_t sequence = row_sequence[row];
        int64_t rows = item % heads ? 0 : (item_end - item) / heads;
        if (rows > team_rows) rows = team_rows;
        for (int64_t r = 1; r < rows; r++) {
            if (row_sequence[row + r] != sequence) rows = r;
        }
        const int64_t end = rows > 0                         ? item + rows * heads
                            : item_end < (row + 1) * heads ? item_end
                                                             : (row + 1) * heads;
        const int64_t head_end = rows > 0 ? heads : end - row * heads;
        for (int64_t head = item % heads; head < head_end;) {
            const int64_t kv_head = head / group;
            int64_t stop = (kv_head + 1) * group < head_end ? (kv_head + 1) * group : head_end;
            if (stop - head > TEAM) stop = head + TEAM;
            s.queries = 0;
            for (int64_t r = row; r < row + (rows > 0 ? rows : 1); r++) {
                const int slot = row_slot[r];
                const int first = window > 0 && slot - window + 1 > 0 ? slot - window + 1 : 0;
                for (int64_t h = head; h < stop; h++) {
                    const int64_t at = (r * heads + h) * head_dim;
                    s.query[s.queries++] =
                        (query_state){.q = q + at, .y = y + at, .first = first, .last = slot};
                }
            }
            const head_cache cache = {pages + sequence * max_pages,
                                      layer_offset_bytes + kv_head * head_bytes,
                                      value_offset_bytes, page_tokens,
                                      mask ? mask + sequence * mask_stride : NULL};
            FOR_TYPE(kv_type, attend, &s, &cache);
            head = stop;
        }
        item = end;
    }
}
