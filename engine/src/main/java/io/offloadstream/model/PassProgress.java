/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.model;

/** Told how far a pass has come. Called by the thread that runs it; must return at once. */
@FunctionalInterface
public interface PassProgress {

    /**
     * A group has been computed.
     *
     * @param done groups computed in this pass
     * @param total groups of this pass
     */
    void advanced(int done, int total);
}
