/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.model;

import static org.testng.Assert.assertTrue;
import static org.testng.Assert.expectThrows;

import io.offloadstream.checkpoint.CheckpointException;
import java.nio.file.Path;
import org.testng.annotations.Test;

/** A disk that is too small is refused before anything is written. */
public class ConversionSpaceTest {

    private static final Path TARGET = Path.of("copy");

    @Test
    public void aDiskThatIsTooSmallIsRefusedWithBothNumbers() {
        Conversion.requireSpace(TARGET, 5_000_000_000L, 5_000_000_000L);
        CheckpointException e =
                expectThrows(
                        CheckpointException.class,
                        () -> Conversion.requireSpace(TARGET, 5_000_000_000L, 4_000_000_000L));
        for (String part : new String[] {"copy", "5.00 GB", "4.00 GB", "another disk"}) {
            assertTrue(e.getMessage().contains(part), e.getMessage());
        }
    }
}
