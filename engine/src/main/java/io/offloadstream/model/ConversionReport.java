/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.model;

import java.util.List;

/**
 * What a conversion did.
 *
 * @param groups in the copy
 * @param resumedGroups of these, those that an earlier attempt had written
 * @param sourceBytes size of the tensors that were taken
 * @param storedBytes size of the copy's groups
 * @param kept matrices that could not be quantised or packed: their rows are no whole blocks, or
 *     they are stored (in, out), which is never packed
 * @param unused tensors of the source that the model does not have
 */
public record ConversionReport(
        int groups,
        int resumedGroups,
        long sourceBytes,
        long storedBytes,
        List<String> kept,
        int unused) {

    /** Copies the list. */
    public ConversionReport {
        kept = List.copyOf(kept);
    }
}
