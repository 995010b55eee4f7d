/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */

/*
 * Rows of BF16_PACKED, and tiles of products with few rows. The floats, and the order in
 * which they are added, are those of the same weights as BF16: so are the bits of the results.
 *
 * Escapes are rare, one in some thousand weights: a tile runs without looking for any up to the next
 * block that has one in any of its outputs. There the block that has it is mended in memory before
 * it is used.
 */
#ifndef OFS_PACKED_H
#define OFS_PACKED_H

#include "packed_block.h"
#include "product.h"

enum { PACKED_TABLE = 16 };

/*
 * The escapes of a row that have not been used. Where they begin and end was checked when the model
 * was opened, and a bad pair is taken for none; their columns were not, and those that are not of
 * the row are passed over.
 */
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
    if (e->next >= e->end) return end;
    const size_t block = load_u32(e->next) >> 8 & ~(size_t)(BLOCK - 1);
    return block < end ? block : end;
}

/* The block at p, column i of its row, as 32 bf16 with its escapes, which are used then. */
INLINE void unpack_block(const uint8_t *p, vtable table, escapes *e, size_t i, uint16_t *to) {
    v_unpack(p, table, to);
    for (; e->next < e->end; e->next += 4) {
        const uint32_t escape = load_u32(e->next);
        const size_t column = (escape >> 8) - i;
        if (column >= BLOCK) return;
        to[column] = (uint16_t)((to[column] & 0xff) | escape << 8);
    }
}

/* Columns [i, i + n) of row out of a weight, whole blocks, as bf16. */
static void unpack_columns(const weights *w, size_t out, size_t i, size_t n, uint16_t *to) {
    const vtable table = v_table(w->escapes);
    const uint8_t *source = w->bytes + out * w->row_bytes + bytes_of(OFS_BF16_PACKED, i);
    const size_t end = i + n;
    escapes e = escapes_of(w->escapes, (int64_t)(w->first_row + out));
    while (e.next < e.end && load_u32(e.next) >> 8 < i) e.next += 4;
    for (; i < end; i += BLOCK, source += PACKED_BYTES, to += BLOCK) {
        unpack_block(source, table, &e, i, to);
    }
}

/* The first column from which on a block of a tile has an escape. */
INLINE size_t next_escape_of(const escapes *e, int outs, size_t end) {
    for (int o = 0; o < outs; o++) end = next_escape(&e[o], end);
    return end;
}

/* The inputs of a block of a tile. */
INLINE void load_inputs(vf inputs[][BLOCK_VECTORS], const input *x, size_t in, int rows) {
    UNROLL for (int r = 0; r < rows; r++) {
        UNROLL for (int v = 0; v < BLOCK_VECTORS; v++) {
            inputs[r][v] = v_inputs(x + (size_t)r * in + v * STEP);
        }
    }
}

/* Adds the products of a block of output o, which is packed at p, or unpacked if that is given. */
INLINE void add_block(vf acc[][WIDE_OUTS], vf inputs[][BLOCK_VECTORS],
                      const uint16_t *unpacked, const uint8_t *p, vtable table, int o, int rows) {
    UNROLL for (int v = 0; v < BLOCK_VECTORS; v++) {
        const vf lanes = unpacked ? v_bf16(unpacked + v * STEP)
                                  : v_load_packed(p, table, v);
        UNROLL for (int r = 0; r < rows; r++) acc[r][o] = v_dot(inputs[r][v], lanes, acc[r][o]);
    }
}

/* Elements [row, row + rows) x [out, out + outs); rows and outs are constants. */
INLINE void packed_tile(const product *p, size_t row, size_t out, int rows, int outs,
                        const uint8_t *ahead) {
    vf acc[TILE_ROWS][WIDE_OUTS];
    vf inputs[TILE_ROWS][BLOCK_VECTORS];
    escapes e[WIDE_OUTS];
    const weights *w = &p->weight;
    const size_t in = w->in, row_bytes = w->row_bytes, tile_bytes = (size_t)outs * PACKED_BYTES;
    const vtable table = v_table(w->escapes);
    const input *x = p->x + row * in;
    const uint8_t *at = w->bytes + out * row_bytes;
    UNROLL for (int r = 0; r < rows; r++) {
        UNROLL for (int o = 0; o < outs; o++) acc[r][o] = v_set1(0.0f);
    }
    for (int o = 0; o < outs; o++) {
        e[o] = escapes_of(w->escapes, (int64_t)(w->first_row + out) + o);
    }
    for (size_t i = 0;; i += BLOCK, at += PACKED_BYTES, ahead += tile_bytes) {
        const size_t stop = next_escape_of(e, outs, in);
        for (; i < stop; i += BLOCK, at += PACKED_BYTES, ahead += tile_bytes) {
            fetch_ahead(ahead, tile_bytes);
            load_inputs(inputs, x + i, in, rows);
            UNROLL for (int o = 0; o < outs; o++) {
                add_block(acc, inputs, NULL, at + (size_t)o * row_bytes, table, o, rows);
            }
        }
        if (i == in) break;
        uint16_t mended[BLOCK];
        fetch_ahead(ahead, tile_bytes);
        load_inputs(inputs, x + i, in, rows);
        UNROLL for (int o = 0; o < outs; o++) {
            const uint8_t *from = at + (size_t)o * row_bytes;
            if (next_escape(&e[o], in) == i) {
                unpack_block(from, table, &e[o], i, mended);
                add_block(acc, inputs, mended, from, table, o, rows);
            } else {
                add_block(acc, inputs, NULL, from, table, o, rows);
            }
        }
    }
    write_tile(p, row, out, acc, rows, outs);
}

#endif
