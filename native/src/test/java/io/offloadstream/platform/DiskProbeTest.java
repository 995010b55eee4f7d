/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertTrue;
import static org.testng.Assert.expectThrows;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.testng.annotations.Test;

/** The disk is measured with all of the files, and their memory is given back. */
public class DiskProbeTest {

    private static final int BLOCK = 4096;

    @Test
    public void filesAreReadOneAfterTheOtherAndFromTheStartAgain() {
        Path large = Path.of("large");
        Path small = Path.of("small");
        Path odd = Path.of("odd");
        List<String> reads = Collections.synchronizedList(new ArrayList<>());
        Map<Path, Long> sizes = Map.of(large, 3L * BLOCK, small, 100L, odd, 2L * BLOCK + 1);
        Storage storage = new RecordedStorage(sizes, reads);
        MemoryBudget budget = MemoryBudget.unlimited("probe");
        try (DiskProbe probe =
                new DiskProbe(List.of(large, small, odd), storage, 2 * BLOCK, budget)) {
            assertEquals(budget.usedBytes(), 2 * BLOCK);
            for (int i = 0; i < 7; i++) {
                assertTrue(probe.bytesPerSecond(BLOCK, 1, 0) > 0);
            }
            expectThrows(IllegalArgumentException.class, () -> probe.bytesPerSecond(BLOCK, 3, 0));
        }
        assertEquals(
                reads,
                List.of(
                        "large@0",
                        "large@4096",
                        "large@8192",
                        "small@0",
                        "odd@0",
                        "odd@4096",
                        "large@0",
                        "closed",
                        "closed",
                        "closed"));
        assertEquals(budget.usedBytes(), 0);
    }

    @Test
    public void noFileIsRefused() {
        expectThrows(
                IllegalArgumentException.class,
                () ->
                        new DiskProbe(
                                List.of(),
                                Storage.local(),
                                BLOCK,
                                MemoryBudget.unlimited("probe")));
    }

    /** Files of these sizes. */
    private record RecordedStorage(Map<Path, Long> sizes, List<String> reads) implements Storage {

        @Override
        public StorageFile open(Path path, Mode mode) {
            return new RecordedFile(path, sizes.get(path), reads);
        }

        @Override
        public MappedFile map(Path path) {
            throw new UnsupportedOperationException(path + " is read only");
        }
    }

    /** A file that tells what is read of it. */
    private record RecordedFile(Path path, long sizeBytes, List<String> reads)
            implements StorageFile {

        @Override
        public int read(long offset, long address, int length) {
            reads.add(path + "@" + offset);
            return (int) Math.min(length, sizeBytes - offset);
        }

        @Override
        public int blockBytes() {
            return BLOCK;
        }

        @Override
        public FileStamp stamp() {
            return new FileStamp(sizeBytes, 0, null);
        }

        @Override
        public void close() {
            reads.add("closed");
        }
    }
}
