/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;

/**
 * What is closed together, the last taken first, whatever fails: everything is closed, the first
 * failure is thrown, later ones are suppressed in it. Not thread-safe.
 *
 * <p>A constructor that opens several things opens them in a try-with-resources of this and ends
 * that with {@link #release}: if a step fails, what was opened before is closed.
 */
public final class Owned implements AutoCloseable {

    private final Deque<AutoCloseable> resources = new ArrayDeque<>();

    /**
     * Takes something over.
     *
     * @param resource to be closed with this; null is nothing
     * @return the resource
     */
    public <T extends AutoCloseable> T own(T resource) {
        if (resource != null) {
            resources.push(resource);
        }
        return resource;
    }

    /** Leaves what was taken to somebody else, who closes it. */
    public void release() {
        resources.clear();
    }

    @Override
    public void close() {
        List<AutoCloseable> taken = List.copyOf(resources);
        resources.clear();
        closeAll(taken);
    }

    /**
     * Closes all, in this order.
     *
     * @param resources what to close; null ones are left out
     * @throws RuntimeException the first failure
     */
    public static void closeAll(AutoCloseable... resources) {
        closeAll(Arrays.asList(resources));
    }

    /**
     * Closes all, in this order.
     *
     * @param resources what to close; null ones are left out
     * @throws RuntimeException the first failure
     */
    public static void closeAll(Iterable<? extends AutoCloseable> resources) {
        RuntimeException first = null;
        for (AutoCloseable resource : resources) {
            try {
                if (resource != null) {
                    resource.close();
                }
            } catch (Exception e) {
                RuntimeException failure = unchecked(e);
                if (first == null) {
                    first = failure;
                } else {
                    first.addSuppressed(failure);
                }
            }
        }
        if (first != null) {
            throw first;
        }
    }

    private static RuntimeException unchecked(Exception e) {
        if (e instanceof RuntimeException runtime) {
            return runtime;
        }
        return e instanceof IOException io
                ? new UncheckedIOException(io)
                : new IllegalStateException(e);
    }
}
