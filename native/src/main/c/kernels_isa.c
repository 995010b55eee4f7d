/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */

/* All kernels of one instruction set. Built once for each, with OFS_ISA its name and the compiler's
 * options for it; only through its table does other code reach what is in here. */
#include "attention.h"
#include "elementwise.h"
#include "linear.h"
#include "probe.h"
#include "table.h"

#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)

const ofs_table JOIN(ofs_table_, OFS_ISA) = {
    .linear = linear,
    .linear_scaled = linear_scaled,
    .linear_packed = linear_packed,
    .linear_transposed = linear_transposed,
    .rms_norm = rms_norm,
    .layer_norm = layer_norm,
    .rope = rope,
    .store_kv = store_kv,
    .attention = attention,
    .activate = activate,
    .activate_multiply = activate_multiply,
    .add = add,
    .gather = gather,
    .probe_read = probe_read,
    .probe_fma = probe_fma,
    .gather_packed = gather_packed,
};
