/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.stream;

import io.offloadstream.checkpoint.TensorEntry;
import io.offloadstream.plan.ResidencyPlan;
import io.offloadstream.platform.MemoryBudget;
import io.offloadstream.platform.OffloadStreamException;
import io.offloadstream.platform.Storage;
import io.offloadstream.stream.StreamOptions.Io;
import java.nio.file.Path;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The files of a stream, and the plan that they can serve.
 *
 * @param plan as given, or without mapping where the system refused to map
 * @param files open, or mapped
 */
record OpenedFiles(ResidencyPlan plan, WeightFiles files) {

    private static final Logger LOG = LoggerFactory.getLogger(OpenedFiles.class);

    /**
     * Opens the files of a plan.
     *
     * @param plan whose groups are read
     * @param options io
     * @param budget of the host, for what is mapped
     * @param storage where the files come from
     * @param others tensors that are read beside the groups
     * @return the files, for the caller to close
     */
    static OpenedFiles open(
            ResidencyPlan plan,
            StreamOptions options,
            MemoryBudget budget,
            Storage storage,
            List<TensorEntry> others) {
        SortedMap<Path, Long> sizes = new TreeMap<>();
        plan.groups().forEach(group -> group.tensors().forEach(entry -> add(sizes, entry)));
        others.forEach(entry -> add(sizes, entry));
        if (!plan.isMapped()) {
            return openRead(plan, options, storage, sizes);
        }
        try {
            return new OpenedFiles(plan, WeightFiles.map(sizes, budget, storage));
        } catch (UnsupportedOperationException e) {
            if (options.io() != Io.AUTO) {
                throw new OffloadStreamException(
                        "io=mmap is refused: " + e.getMessage() + "; use io=auto", e);
            }
            LOG.warn("mapping is refused, reading files instead: {}", e.getMessage());
            return openRead(plan.withoutMapping(), options, storage, sizes);
        }
    }

    private static void add(SortedMap<Path, Long> sizes, TensorEntry entry) {
        sizes.merge(entry.file(), entry.offset() + entry.sizeBytes(), Math::max);
    }

    private static OpenedFiles openRead(
            ResidencyPlan plan,
            StreamOptions options,
            Storage storage,
            SortedMap<Path, Long> sizes) {
        if (options.io() == Io.MMAP) {
            throw new IllegalArgumentException("io=mmap needs a plan that maps the files");
        }
        return new OpenedFiles(
                plan, WeightFiles.open(sizes, options.io(), plan.blockBytes(), storage));
    }
}
