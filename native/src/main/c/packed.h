/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */

/*
 * Gathers and tiles of products of BF16_PACKED rows. The floats, and the order in which they are added, are
 * those of the same weights as BF16: so are the bits of the results.
 *
 * Escapes are rare, one in some thousand weights: rows run without looking for any up to the next
 * block that has one in any row of the tile, whose floats are mended in memory before they are used.
 */
#ifndef OFS_PACKED_H
#define OFS_PACKED_H

#include "packed_block.h"
#include "product.h"

enum { PACKED_TABLE = 16 };

/* The escapes of a row that have not been used. */
typedef struct {
    const uint8_t *next;
    const uint8_t *end;
} escapes;

INLINE uint32_t load_u32(const uint8_t *p) {
    uint32_t value;
    memcpy(&value, p, 4);
    return value;
}

/* Of a row of the whole tensor. */
INLINE escapes escapes_of(const uint8_t *all, int64_t row) {
    const uint8_t *index = all + PACKED_TABLE + 4 * row;
    const escapes e = {all + load_u32(index), all + load_u32(index + 4)};
    return e;
}

/* First column of the next block with an escape of this row, or the end if there is none. */
INLINE size_t next_escape(const escapes *e, size_t end) {
    if (e->next == e->end) return end;
    const size_t block = load_u32(e->next) >> 8 & ~(size_t)(BLOCK - 1);
    return block < end ? block : end;
}

/* The block at p, column i of its row, as 32 floats with its escapes. */
static void load_mended(const uint8_t *p, vtable table, escapes *e, size_t i, float *w) {
    vf part[PACKED_VECTORS];
    v_load_packed(p, table, part);
    for (int v = 0; v < PACKED_VECTORS; v++) v_store(w + v * VL, part[v]);
    for (; e->next != e->end; e->next += 4) {
        const uint32_t escape = load_u32(e->next);
        const size_t column = (escape >> 8) - i;
        if (column >= BLOCK) return;
        w[column] = float_of_bits((bits_of_float(w[column]) & 0x00ff0000u) | escape << 24);
    }
}

static void gather_packed(const int64_t *addresses, const int64_t *numbers, const void *all,
                          int32_t rows, int32_t width, float *y) {
    const vtable table = v_table(all);
    for (int64_t r = 0; r < rows; r++) {
        const uint8_t *source = (const uint8_t *)(intptr_t)addresses[r];
        escapes e = escapes_of(all, numbers[r]);
        for (size_t i = 0; i < (size_t)width; i += BLOCK, source += PACKED_BYTES) {
            load_mended(source, table, &e, i, y + r * width + i);
        }
    }
}

/* A block of a tile: its products with weights[o], in the order of linear.h's steps. */
INLINE void packed_step(vf acc[][WIDE_OUTS], const float *x, size_t in,
                        vf lanes[WIDE_OUTS][PACKED_VECTORS], int rows, int outs) {
    UNROLL for (int v = 0; v < PACKED_VECTORS; v++) {
        UNROLL for (int r = 0; r < rows; r++) {
            const vf inputs = v_load(x + (size_t)r * in + v * VL);
            UNROLL for (int o = 0; o < outs; o++) acc[r][o] = v_fma(inputs, lanes[o][v], acc[r][o]);
        }
    }
}

/* The same where a row of the tile has an escape. */
static __attribute__((noinline)) void load_mended_tile(const uint8_t *w, size_t row_bytes,
                                                       vtable table, escapes *e, size_t i,
                                                       float *target, int outs) {
    for (int o = 0; o < outs; o++) {
        load_mended(w + (size_t)o * row_bytes, table, e + o, i, target + o * BLOCK);
    }
}

/* Elements [row, row + rows) x [out, out + outs); rows and outs are constants. */
INLINE void packed_tile(const product *p, size_t row, size_t out, int rows, int outs,
                        const uint8_t *ahead) {
    vf acc[TILE_ROWS][WIDE_OUTS];
    vf lanes[WIDE_OUTS][PACKED_VECTORS];
    escapes e[WIDE_OUTS];
    const weights *w = &p->weight;
    const size_t in = w->in, row_bytes = w->row_bytes;
    const vtable table = v_table(w->escapes);
    const float *x = p->x + row * in;
    const uint8_t *at = w->bytes + out * row_bytes;
    UNROLL for (int r = 0; r < rows; r++) {
        UNROLL for (int o = 0; o < outs; o++) acc[r][o] = v_set1(0.0f);
    }
    for (int o = 0; o < outs; o++) {
        e[o] = escapes_of(w->escapes, (int64_t)(w->first_row + out) + o);
    }
    for (size_t i = 0;; i += BLOCK, at += PACKED_BYTES, ahead += outs * PACKED_BYTES) {
        size_t stop = in;
        for (int o = 0; o < outs; o++) stop = next_escape(&e[o], stop);
        for (; i < stop; i += BLOCK, at += PACKED_BYTES, ahead += outs * PACKED_BYTES) {
            fetch_ahead(ahead, (size_t)(outs * PACKED_BYTES));
            UNROLL for (int o = 0; o < outs; o++) {
                v_load_packed(at + (size_t)o * row_bytes, table, lanes[o]);
            }
            packed_step(acc, x + i, in, lanes, rows, outs);
        }
        if (i == in) break;
        float mended[WIDE_OUTS][BLOCK];
        fetch_ahead(ahead, (size_t)(outs * PACKED_BYTES));
        load_mended_tile(at, row_bytes, table, e, i, mended[0], outs);
        UNROLL for (int o = 0; o < outs; o++) {
            UNROLL for (int v = 0; v < PACKED_VECTORS; v++) {
                lanes[o][v] = v_load(mended[o] + v * VL);
            }
        }
        packed_step(acc, x + i, in, lanes, rows, outs);
    }
    write_tile(p, row, out, acc, rows, outs);
}

#endif
