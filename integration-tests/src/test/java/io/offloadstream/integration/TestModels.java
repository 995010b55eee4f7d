/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.integration;

import java.nio.file.Path;

/** The models that every claim about numbers is tried on: one made here, and the references. */
final class TestModels {

    static final String SYNTHETIC = "synthetic";
    static final String[] REFERENCES = {
        "llama-tiny", "llama-sharded", "qwen2-tiny", "mistral-tiny", "gpt2-tiny"
    };

    private static final long SEED = 7;

    private TestModels() {}

    /** Rows for a data provider: the synthetic model, then the references. */
    static Object[][] all() {
        Object[][] all = new Object[REFERENCES.length + 1][];
        all[0] = new Object[] {SYNTHETIC};
        for (int i = 0; i < REFERENCES.length; i++) {
            all[i + 1] = new Object[] {REFERENCES[i]};
        }
        return all;
    }

    /** Rows for a data provider. */
    static Object[][] references() {
        Object[][] rows = new Object[REFERENCES.length][];
        for (int i = 0; i < rows.length; i++) {
            rows[i] = new Object[] {REFERENCES[i]};
        }
        return rows;
    }

    /** The directory of a model; skips the test where a reference is not there. */
    static Path directory(String name, ScratchDirectory scratch) {
        if (!name.equals(SYNTHETIC)) {
            return Goldens.reference(name).directory();
        }
        SyntheticLlama.TINY.write(scratch.path(), SEED);
        return scratch.path();
    }

    /** Whether what a token sees depends on slots, masked ones included: a sliding window. */
    static boolean hasWindow(String name) {
        return name.startsWith("mistral") || name.startsWith("qwen2");
    }
}
