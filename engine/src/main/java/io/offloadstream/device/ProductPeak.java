/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.device;

/**
 * How fast a device makes the products of many rows at most, measured: the limit of a prompt.
 *
 * @param operationsPerSecond a multiply-add is two
 * @param units what reached it, for tables
 */
public record ProductPeak(double operationsPerSecond, String units) {

    /**
     * Returns the larger of two.
     *
     * @param other another measurement
     * @return this or the other
     */
    public ProductPeak orFaster(ProductPeak other) {
        return other.operationsPerSecond > operationsPerSecond ? other : this;
    }
}
