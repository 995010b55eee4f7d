/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.integration;

import io.offloadstream.device.Backends;
import io.offloadstream.model.ModelOptions;
import io.offloadstream.model.StreamedModel;
import io.offloadstream.platform.BudgetExceededException;
import io.offloadstream.platform.OffloadStreamException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.testng.SkipException;

/** Devices with memory of their own, and options for them. */
final class TestDevices {

    /** What tests of devices run on, where it is there. */
    static final String[] BACKENDS = {"opencl", "cuda"};

    private TestDevices() {}

    /** Rows for a data provider: each backend with each row of another. */
    static Object[][] with(Object[][] rows) {
        Object[][] all = new Object[BACKENDS.length * rows.length][];
        for (int i = 0; i < all.length; i++) {
            Object[] row = rows[i % rows.length];
            all[i] = new Object[row.length + 1];
            all[i][0] = BACKENDS[i / rows.length];
            System.arraycopy(row, 0, all[i], 1, row.length);
        }
        return all;
    }

    /** Skips a test where there is no device. */
    static void require(String backend) {
        try {
            Backends.devices().choose(backend, Backends.ANY_DEVICE);
        } catch (IllegalArgumentException | OffloadStreamException e) {
            throw new SkipException("no " + backend + " device: " + e.getMessage(), e);
        }
    }

    /** Options with memory for everything on a device. */
    static Map<String, String> plenty(String backend, int batch, int length) {
        Map<String, String> options = new HashMap<>(Budgets.plenty(batch, length, "direct"));
        options.put("backend", backend);
        options.put("deviceMemory", Long.toString(Budgets.PLENTY_BYTES));
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
