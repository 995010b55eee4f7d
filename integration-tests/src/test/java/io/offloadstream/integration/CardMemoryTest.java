/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.integration;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertTrue;

import java.util.List;
import org.testng.SkipException;
import org.testng.annotations.Test;

/**
 * What nvidia-smi shows for a process is within {@code deviceMemory}, when every kernel has run:
 * the context is measured before, and a driver may load kernels and take stacks for them later.
 */
public class CardMemoryTest {

    /** About 170 MB in bf16. */
    private static final SyntheticLlama MODEL = new SyntheticLlama(12, 16, 4, 64, 1536, 8192);

    private static final long SEED = 6;
    private static final long MODEL_BYTES = 100_000_000;
    private static final long MIB = 1 << 20;

    @Test
    public void theProcessStaysWithinDeviceMemory() {
        TestDevices.require("cuda");
        long given = TestDevices.deviceMemory("cuda", MODEL_BYTES);
        CardMemoryRun.Seen seen;
        try (ScratchDirectory scratch = new ScratchDirectory("card")) {
            MODEL.write(scratch.path(), SEED);
            ChildJvm.Ended child =
                    ChildJvm.run(
                            CardMemoryRun.class,
                            List.of(scratch.path().toString(), Long.toString(given)));
            assertEquals(child.exitCode(), 0, child.errors());
            seen = CardMemoryRun.Seen.parse(child.output());
        }
        // a run that held no weights would pass what follows
        assertTrue(seen.deviceBytes() > MODEL_BYTES / 2, seen.toString());
        if (seen.processMib() < 0) {
            throw new SkipException("nvidia-smi is missing, or does not tell this process apart");
        }
        assertTrue(seen.processMib() * MIB <= given, seen + ", deviceMemory " + given);
        assertTrue(seen.processMib() * MIB >= seen.deviceBytes(), seen.toString());
    }
}
