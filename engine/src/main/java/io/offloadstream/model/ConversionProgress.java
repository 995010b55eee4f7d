/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.model;

/** Is told how far a conversion has come. */
@FunctionalInterface
public interface ConversionProgress {

    /**
     * Called after each stored chunk, by the converting thread.
     *
     * @param doneBytes how much of the copy is written, groups of an earlier attempt included; what
     *     is packed counts as if it were not, once its group is written
     * @param totalBytes how much there will be
     */
    void advanced(long doneBytes, long totalBytes);
}
