/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.ops;

/** What multiplies matrices of many rows on a device. */
public enum Gemm {
    /** Kernels of our own: a row's bits do not depend on how many rows there are. */
    OWN,
    /**
     * NVIDIA's library where it takes the types, whose order of summation changes with the rows.
     */
    CUBLAS
}
