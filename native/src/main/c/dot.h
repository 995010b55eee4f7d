/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */

/*
 * Vectors of bytes, for products of int8 activations: LANES = VL / 4 pieces of 16 bytes of type vq,
 * whose products with others are summed by fours into VL int32 lanes of type vi, piece l into lanes
 * 4 l to 4 l + 3. Weights are brought into a form that multiplies fastest: where offset_bits(type)
 * is not 0 they are 2^offset_bits more than they should be, so that as many times the sum of the
 * activations is to be taken off a dot.
 *
 *   INT8_ROWS                       how many rows a tile of a prompt has
 *   q_load, q_store, q_set1         any alignment; the 4 bytes at p in all lanes
 *   q_pieces(p, at)                 the pieces at p[0] + at, p[4] + at, p[8] + at, ...
 *   q_blocks(type, p, w)            LANES blocks of one row from p on: w[0] has elements 0 to 15 of
 *                                   each, w[1] the others, ready for i_dot
 *   q_bytes, q_low, q_high          what is stored of Q8_0; low and high halves of Q4_0, likewise
 *   q_transpose(v)                  piece l of v[k] becomes 4 bytes k of the pieces l of v[0] to v[3]
 *   i_dot(type, sum, w, x)          sum + w x, exact: no x is -128
 *   i_sum4(a, b, c, d)              lane 4 l + k: the sum of piece l's lanes of the k-th of them
 *   i_set1, v_of                    int32 lanes; as floats
 *   i_sub_shifted(a, b, bits)       a - b 2^bits
 *   i_spread(p), v_spread(p)        lanes 4 l to 4 l + 3: element l of LANES at p
 *   v_scales(type, p)               lane 4 l + k: the scale of block l from p[k] on
 *   v_fold(a, to)                   4 sums over all pieces: lane k of each
 */
#ifndef OFS_DOT_H
#define OFS_DOT_H

#include "product.h"

enum { LANES = VL / 4, PIECE = 16, MOST_BLOCK_BYTES = Q8_0_BYTES };

#if defined(OFS_ISA_AVX512)
#include "dot_avx512.h"
#elif defined(OFS_ISA_AVX2)
#include "dot_avx2.h"
#elif defined(OFS_ISA_NEON)
#include "dot_neon.h"
#else
#include "dot_generic.h"
#endif

#endif
