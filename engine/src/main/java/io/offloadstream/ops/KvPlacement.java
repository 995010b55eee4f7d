/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.ops;

/** Where keys and values are kept. Where attention computes is {@link AttentionPlace}. */
public enum KvPlacement {
    /** In the memory that kernels compute in. */
    DEVICE,
    /** In host memory: a device reads them over the bus, some pages at a time. */
    HOST
}
