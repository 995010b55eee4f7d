/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.integration;

import io.offloadstream.device.Backend;
import io.offloadstream.device.Backends;
import io.offloadstream.model.ModelOptions;
import io.offloadstream.model.StreamedModel;
import io.offloadstream.platform.BudgetExceededException;
import io.offloadstream.platform.OffloadStreamException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.testng.SkipException;

/** Devices with memory of their own, and options for them. */
final class TestDevices {

    /** What tests of devices run on, where it is there. */
    static final String[] BACKENDS = {"opencl", "cuda"};

    /**
     * Open while the process lives: a card's context is measured when it is made, and the next one
     * may take a little more or less than the last.
     */
    private static final Map<String, Backend> HELD = new HashMap<>();

    private TestDevices() {}

    /**
     * Rows for a data provider: each backend with each row of another. One that is not there has
     * the first row alone, for the test to skip.
     */
    static Object[][] with(Object[][] rows) {
        List<Object[]> all = new ArrayList<>();
        for (String backend : BACKENDS) {
            int count = absence(backend) == null ? rows.length : Math.min(1, rows.length);
            for (int i = 0; i < count; i++) {
                Object[] row = new Object[rows[i].length + 1];
                row[0] = backend;
                System.arraycopy(rows[i], 0, row, 1, rows[i].length);
                all.add(row);
            }
        }
        return all.toArray(Object[][]::new);
    }

    /** Why there is no device, or null. */
    private static RuntimeException absence(String backend) {
        try {
            Backends.devices().choose(backend, Backends.ANY_DEVICE);
            return null;
        } catch (IllegalArgumentException | OffloadStreamException e) {
            return e;
        }
    }

    /** Skips a test where there is no device. */
    static void require(String backend) {
        RuntimeException absence = absence(backend);
        if (absence != null) {
            throw new SkipException("no " + backend + " device: " + absence.getMessage(), absence);
        }
    }

    /** A device's share of {@code deviceMemory}: so much for models, and what the context takes. */
    static long deviceMemory(String backend, long modelBytes) {
        return modelBytes + contextBytes(backend);
    }

    private static synchronized long contextBytes(String backend) {
        Backend held =
                HELD.computeIfAbsent(
                        backend, name -> ModelOptions.parse(Map.of("backend", name)).openBackend());
        return held.memory().orElseThrow().contextBytes();
    }

    /** Options with memory for everything on a device. */
    static Map<String, String> plenty(String backend, int batch, int length) {
        return plenty(backend, batch, length, "direct");
    }

    static Map<String, String> plenty(String backend, int batch, int length, String io) {
        Map<String, String> options = new HashMap<>(Budgets.plenty(batch, length, io));
        options.put("backend", backend);
        options.put("deviceMemory", Long.toString(deviceMemory(backend, Budgets.PLENTY_BYTES)));
        return options;
    }

    /** The least of a budget that these options work with, as the refusal of less says. */
    static long least(Path directory, Map<String, String> options, String budget) {
        long bytes = 1;
        for (int attempt = 0; attempt < 8; attempt++) {
            try {
                open(directory, Budgets.with(options, budget, bytes)).close();
                return bytes;
            } catch (BudgetExceededException e) {
                if (e.requestedBytes() <= bytes) {
                    throw new AssertionError(
                            budget + "=" + bytes + " is refused: " + e.getMessage(), e);
                }
                bytes = e.requestedBytes();
            }
        }
        throw new AssertionError("the least " + budget + " is not " + bytes);
    }

    static StreamedModel open(Path directory, Map<String, String> options) {
        return StreamedModel.open(directory, ModelOptions.parse(options));
    }
}
