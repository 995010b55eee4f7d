/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertThrows;
import static org.testng.Assert.assertTrue;
import static org.testng.Assert.expectThrows;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.testng.SkipException;
import org.testng.annotations.DataProvider;
import org.testng.annotations.Test;

public class HostMemoryTest {

    private static final int MAPPED = HostMemory.MAPPED_BYTES;
    private static final Path MAPPINGS = Path.of("/proc/self/smaps");
    private static final Pattern MAPPING = Pattern.compile("^([0-9a-f]+)-([0-9a-f]+) ");

    @DataProvider
    Object[][] sizes() {
        return new Object[][] {
            {1L},
            {63L},
            {64L},
            {65L},
            {4096L},
            {8192L},
            {MAPPED - 1L},
            {(long) MAPPED},
            {MAPPED + 1L},
            {(3L << 20) + 5}
        };
    }

    @Test(dataProvider = "sizes")
    public void rangeIsAlignedZeroedWritableAndChargedExactly(long size) {
        try (MemoryBudget budget = new MemoryBudget("hostMemory", HostMemory.chargedBytes(size))) {
            for (int round = 0; round < 3; round++) { // the heap hands the same block out again
                try (HostMemory memory = HostMemory.allocate(budget, "test", size)) {
                    assertEquals(budget.usedBytes(), HostMemory.chargedBytes(size));
                    int alignment = size >= MAPPED || size % 4096 == 0 ? 4096 : 64;
                    assertEquals(memory.address() % alignment, 0);
                    assertEquals(memory.sizeBytes(), size);
                    ByteBuffer bytes = memory.buffer(0, (int) size);
                    assertEquals(bytes.order(), ByteOrder.nativeOrder());
                    while (bytes.hasRemaining()) {
                        assertEquals(bytes.get(), 0);
                    }
                    for (int i = 0; i < size; i++) {
                        bytes.put(i, (byte) -1);
                    }
                }
                assertEquals(budget.usedBytes(), 0);
            }
        }
    }

    @Test
    public void chargeGrowsWithSizeAndIsNeverLessThanIt() {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        long size = 0;
        long charged = 0;
        while (size < 4L * MAPPED) {
            size += 1 + random.nextInt(700);
            long next = HostMemory.chargedBytes(size);
            assertTrue(next >= size && next >= charged, "seed " + seed + ", size " + size);
            charged = next;
        }
        assertEquals(HostMemory.chargedBytes(MAPPED - 1), MAPPED);
        assertEquals(HostMemory.chargedBytes(MAPPED), MAPPED);
        assertEquals(HostMemory.chargedBytes(Long.MAX_VALUE), Long.MAX_VALUE);
        assertThrows(IllegalArgumentException.class, () -> HostMemory.chargedBytes(0));
        assertThrows(IllegalArgumentException.class, () -> HostMemory.chargedBytes(-1));
    }

    @Test
    public void whatTheMachineRefusesIsOneExceptionAndGivesItsBytesBack() {
        try (MemoryBudget budget = MemoryBudget.unlimited("hostMemory")) {
            for (long size : new long[] {1L << 55, Long.MAX_VALUE - 5000, Long.MAX_VALUE}) {
                OffloadStreamException e =
                        expectThrows(
                                OffloadStreamException.class,
                                () -> HostMemory.allocate(budget, "all of it", size));
                assertTrue(e.getMessage().contains("all of it"), e.getMessage());
                assertTrue(
                        e.getMessage().contains(Long.toString(HostMemory.chargedBytes(size))),
                        e.getMessage());
                assertEquals(budget.usedBytes(), 0);
            }
        }
    }

    @Test
    public void whatTheBudgetRefusesIsNotAllocated() {
        try (MemoryBudget budget = new MemoryBudget("hostMemory", 127)) {
            HostMemory.allocate(budget, "fits", 64).close();
            assertThrows(
                    BudgetExceededException.class, () -> HostMemory.allocate(budget, "big", 65));
        }
    }

    @Test
    public void closingTwiceFreesOnce() {
        try (MemoryBudget budget = new MemoryBudget("hostMemory", 1 << 20)) {
            HostMemory kept = HostMemory.allocate(budget, "kept", 64);
            HostMemory memory = HostMemory.allocate(budget, "test", 2 * MAPPED);
            memory.close();
            memory.close();
            assertEquals(budget.usedBytes(), 64);
            kept.close();
        }
    }

    @Test
    public void viewOutsideTheRangeIsRefused() {
        try (MemoryBudget budget = new MemoryBudget("hostMemory", 1 << 20);
                HostMemory memory = HostMemory.allocate(budget, "test", 100)) {
            assertEquals(memory.buffer(100, 0).remaining(), 0);
            assertEquals(memory.buffer(36, 64).remaining(), 64);
            for (long[] part :
                    new long[][] {{-1, 2}, {0, 101}, {100, 1}, {Long.MAX_VALUE, 2}, {0, -1}}) {
                assertThrows(
                        IndexOutOfBoundsException.class,
                        () -> memory.buffer(part[0], (int) part[1]));
            }
        }
    }

    @Test
    public void closedPagesLeaveTheProcess() throws IOException {
        if (!Files.exists(MAPPINGS)) {
            throw new SkipException("no " + MAPPINGS);
        }
        long size = 96L << 20;
        try (MemoryBudget budget = new MemoryBudget("hostMemory", size)) {
            HostMemory memory = HostMemory.allocate(budget, "test", size);
            long address = memory.address();
            long untouched = residentBytes(address, size);
            for (long offset = 0; offset < size; offset += 4096) {
                memory.buffer(offset, 1).put(0, (byte) 1);
            }
            long touched = residentBytes(address, size);
            memory.close();
            long after = residentBytes(address, size);
            String seen = untouched + " " + touched + " " + after;
            // a neighbour may be in the same mapping
            assertTrue(touched - untouched > size * 3 / 4, "touched at allocation: " + seen);
            assertTrue(touched - after > size * 3 / 4, "close kept its pages: " + seen);
        }
    }

    @Test
    public void aRangeOfTwoMebibytesBeginsWhereAHugePageDoesAndAsksForIt() throws IOException {
        Mappings.requireHugePages();
        try (MemoryBudget budget = MemoryBudget.unlimited("hostMemory")) {
            List<HostMemory> ranges = new ArrayList<>();
            for (int i = 0; i < 5; i++) {
                // Linux itself begins those that are no whole huge pages anywhere
                HostMemory range = HostMemory.allocate(budget, "test", (2 << 20) + 4096L * i);
                ranges.add(range);
                assertEquals(range.address() % (2 << 20), 0, "range " + i);
                assertTrue(Mappings.flagsAt(range.address()).contains(" hg "), "range " + i);
            }
            ranges.forEach(HostMemory::close);
        }
    }

    /** A process may have some ten thousand mappings; each of these alone would be one. */
    @Test
    public void neighboursThatAskForHugePagesStayOneMapping() throws IOException {
        Mappings.requireHugePages();
        try (MemoryBudget budget = MemoryBudget.unlimited("hostMemory")) {
            long before = Mappings.count();
            List<HostMemory> ranges = new ArrayList<>();
            for (int i = 0; i < 200; i++) {
                ranges.add(HostMemory.allocate(budget, "test", 2 << 20));
            }
            long added = Mappings.count() - before;
            ranges.forEach(HostMemory::close);
            assertTrue(added < 100, added + " mappings for 200 ranges");
        }
    }

    /**
     * Pages in memory of the mappings that a range of addresses lies in: those of the whole process
     * change with its heap and its compilers.
     */
    private static long residentBytes(long address, long sizeBytes) throws IOException {
        long bytes = 0;
        boolean isInside = false;
        for (String line : Files.readAllLines(MAPPINGS, StandardCharsets.UTF_8)) {
            Matcher mapping = MAPPING.matcher(line);
            if (mapping.find()) {
                long begin = Long.parseUnsignedLong(mapping.group(1), 16);
                long end = Long.parseUnsignedLong(mapping.group(2), 16);
                isInside = begin < address + sizeBytes && address < end;
            } else if (isInside && line.startsWith("Rss:")) {
                bytes += Long.parseLong(line.replaceAll("[^0-9]", "")) * 1024;
            }
        }
        return bytes;
    }

    @Test
    public void manySmallRangesFromManyThreadsDoNotOverlap() throws InterruptedException {
        long seed = new Random().nextLong();
        List<Throwable> failures = new ArrayList<>();
        try (MemoryBudget budget = new MemoryBudget("hostMemory", 64 << 20)) {
            List<Thread> threads = new ArrayList<>();
            for (int t = 0; t < 4; t++) {
                Random random = new Random(seed + t);
                Thread thread = new Thread(() -> fillAndCheck(budget, random), "filler-" + t);
                thread.setUncaughtExceptionHandler(
                        (where, failure) -> {
                            synchronized (failures) {
                                failures.add(failure);
                            }
                        });
                thread.start();
                threads.add(thread);
            }
            for (Thread thread : threads) {
                thread.join();
            }
        }
        assertEquals(failures, List.of(), "seed " + seed);
    }

    private static void fillAndCheck(MemoryBudget budget, Random random) {
        List<HostMemory> ranges = new ArrayList<>();
        long mark = random.nextLong();
        for (int i = 0; i < 500; i++) {
            HostMemory memory = HostMemory.allocate(budget, "small", 16 + random.nextInt(2000));
            memory.buffer(0, 16).putLong(0, mark).putLong(8, i);
            ranges.add(memory);
        }
        for (int i = 0; i < ranges.size(); i++) {
            ByteBuffer bytes = ranges.get(i).buffer(0, 16);
            assertEquals(bytes.getLong(0), mark);
            assertEquals(bytes.getLong(8), i);
            ranges.get(i).close();
        }
    }

    @Test
    public void lostRangeIsReportedWhenTrackingIsOn() {
        long lostBefore = MemoryTracker.lost();
        MemoryBudget budget = MemoryBudget.unlimited("test");
        System.setProperty("offloadstream.trackMemory", "true");
        try {
            HostMemory.allocate(budget, "closed", 64).close();
            loseOne(budget);
        } finally {
            System.clearProperty("offloadstream.trackMemory");
        }
        for (int i = 0; i < 1000 && MemoryTracker.lost() == lostBefore; i++) {
            System.gc();
        }
        assertEquals(MemoryTracker.lost() - lostBefore, 1);
        assertEquals(budget.usedBytes(), 64, "a lost range stays charged");
    }

    @SuppressWarnings("resource")
    private static void loseOne(MemoryBudget budget) {
        HostMemory.allocate(budget, "lost on purpose by a test", 64);
    }
}
