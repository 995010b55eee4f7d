/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */

/* The kernels of one instruction set; kernels_isa.c fills one such table each time it is built. */
#ifndef OFS_TABLE_H
#define OFS_TABLE_H

#include "kernels.h"

typedef struct {
    ofs_linear_fn *linear;
    ofs_linear_scaled_fn *linear_scaled;
    ofs_linear_packed_fn *linear_packed;
    ofs_linear_transposed_fn *linear_transposed;
    ofs_rms_norm_fn *rms_norm;
    ofs_layer_norm_fn *layer_norm;
    ofs_rope_fn *rope;
    ofs_store_kv_fn *store_kv;
    ofs_attention_fn *attention;
    ofs_activate_fn *activate;
    ofs_activate_multiply_fn *activate_multiply;
    ofs_add_fn *add;
    ofs_top_fn *top;
    ofs_gather_fn *gather;
    ofs_probe_read_fn *probe_read;
    ofs_probe_fma_fn *probe_fma;
    ofs_gather_packed_fn *gather_packed;
} ofs_table;

/* Products of int8 activations; kernels_int8.c fills one such table each time it is built. */
typedef struct {
    ofs_quantize_rows_fn *quantize_rows;
    ofs_linear_int8_fn *linear_int8;
} ofs_int8_table;

/* Products of activations rounded to bfloat16: of floats by kernels_isa.c, of pairs by
 * kernels_pairs.c. */
typedef struct {
    int32_t bytes;
    ofs_round_fn *round;
    ofs_linear_rounded_fn *linear;
} ofs_rounded_table;

extern const ofs_table ofs_table_generic;
extern const ofs_table ofs_table_avx2;
extern const ofs_table ofs_table_avx512;
extern const ofs_table ofs_table_neon;

extern const ofs_int8_table ofs_int8_generic;
extern const ofs_int8_table ofs_int8_avx2;
extern const ofs_int8_table ofs_int8_avx512;
extern const ofs_int8_table ofs_int8_avx512vnni;
extern const ofs_int8_table ofs_int8_neon;
extern const ofs_int8_table ofs_int8_neondot;

extern const ofs_rounded_table ofs_rounded_generic;
extern const ofs_rounded_table ofs_rounded_avx2;
extern const ofs_rounded_table ofs_rounded_avx512;
extern const ofs_rounded_table ofs_rounded_avx512bf16;
extern const ofs_rounded_table ofs_rounded_neon;

#endif
