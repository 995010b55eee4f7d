/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertTrue;
import static org.testng.Assert.expectThrows;

import org.testng.annotations.DataProvider;
import org.testng.annotations.Test;

public class MemorySizeTest {

    @DataProvider
    Object[][] sizes() {
        return new Object[][] {
            {"1000", 1000L},
            {"7.8GB", 7_800_000_000L},
            {"7.8 gb", 7_800_000_000L},
            {"600MB", 600_000_000L},
            {"512MiB", 512L << 20},
            {"1.5GiB", 3L << 29},
            {"2KiB", 2048L},
            {"80%", 800L},
            {"12.5%", 125L},
            {"0", 0L},
        };
    }

    @Test(dataProvider = "sizes")
    public void readsSizesAsPeopleWriteThem(String text, long bytes) {
        assertEquals(MemorySize.parse("hostMemory", text, 1000), bytes);
    }

    @DataProvider
    Object[][] nonsense() {
        return new Object[][] {
            {""}, {"GB"}, {"-1GB"}, {"1XB"}, {"101%"}, {"1e30GB"}, {"99999999999TB"}
        };
    }

    @Test(dataProvider = "nonsense")
    public void refusesWhatIsNoSize(String text) {
        IllegalArgumentException e =
                expectThrows(
                        IllegalArgumentException.class,
                        () -> MemorySize.parse("hostMemory", text, 1000));
        assertTrue(e.getMessage().contains("hostMemory=" + text), e.getMessage());
    }

    @Test
    public void printsSizesShortly() {
        assertEquals(MemorySize.format(999), "999 B");
        assertEquals(MemorySize.format(1000), "1.00 KB");
        assertEquals(MemorySize.format(1_400_000_000L), "1.40 GB");
        assertEquals(MemorySize.format(999_999_999L), "1.00 GB");
    }
}
