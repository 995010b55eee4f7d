/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.cache;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertNotEquals;
import static org.testng.Assert.assertThrows;
import static org.testng.Assert.assertTrue;
import static org.testng.Assert.expectThrows;

import io.offloadstream.device.Backend;
import io.offloadstream.device.Budgets;
import io.offloadstream.device.cpu.CpuBackend;
import io.offloadstream.ops.KvPlacement;
import io.offloadstream.ops.KvView;
import io.offloadstream.platform.BudgetExceededException;
import io.offloadstream.platform.DType;
import io.offloadstream.platform.HostMemory;
import io.offloadstream.platform.MemoryBudget;
import java.nio.ByteBuffer;
import java.util.Set;
import java.util.TreeSet;
import org.testng.annotations.AfterClass;
import org.testng.annotations.AfterMethod;
import org.testng.annotations.Test;

public class KvCacheTest {

    private static final KvLayout LAYOUT = new KvLayout(3, 2, 8, DType.F32);
    private static final long PAGE_BYTES = HostMemory.chargedBytes(LAYOUT.pageBytes());

    private static final Backend BACKEND = new CpuBackend(1);

    private final MemoryBudget budget = new MemoryBudget("hostMemory", 1 << 20);

    private KvSequences sequences(KvPages pool, int batch, int maxSlots) {
        return new KvSequences(BACKEND, new Budgets(budget, budget), pool, batch, maxSlots);
    }

    @AfterClass
    public void closeBackend() {
        BACKEND.close();
    }

    @AfterMethod
    public void nothingLeaks() {
        assertEquals(budget.usedBytes(), 0);
    }

    @Test
    public void layersFollowEachOtherInAPage() {
        assertEquals(LAYOUT.valueOffsetBytes(), 2 * 64 * 8 * 4);
        assertEquals(LAYOUT.layerOffsetBytes(2), 2 * 2 * LAYOUT.valueOffsetBytes());
        assertEquals(LAYOUT.pageBytes(), 3 * 2 * LAYOUT.valueOffsetBytes());
        assertEquals(LAYOUT.tokenBytes(), 3 * 2 * 2 * 8 * Float.BYTES);
    }

    @Test
    public void pagesOfTheLongestSequencesAreCounted() {
        assertEquals(KvLayout.pages(0), 0);
        assertEquals(KvLayout.pages(65), 2);
        assertEquals(KvLayout.pages(Integer.MAX_VALUE), 1 << 25);
        assertEquals(KvSequences.tableBytes(1, Integer.MAX_VALUE), (8L << 25) + Integer.MAX_VALUE);
    }

    @Test
    public void sequencesShrinkToThePagesThatTheirSlotsNeed() {
        try (KvPagePool pool = new KvPagePool(budget, LAYOUT, 0);
                KvSequences kv = sequences(pool, 2, 200)) {
            long empty = budget.usedBytes();
            kv.grow(130);
            long first = kv.target(1, 64);
            assertEquals(budget.usedBytes(), empty + 2 * 3 * PAGE_BYTES);
            kv.shrink(65);
            assertEquals(budget.usedBytes(), empty + 2 * 2 * PAGE_BYTES);
            assertEquals(kv.target(1, 64), first);
            kv.shrink(100);
            assertEquals(budget.usedBytes(), empty + 2 * 2 * PAGE_BYTES);
            kv.shrink(0);
            assertEquals(budget.usedBytes(), empty);
            kv.grow(1);
            assertEquals(budget.usedBytes(), empty + 2 * PAGE_BYTES);
        }
    }

    @Test
    public void slotsLieWhereThePageTableSays() {
        try (KvPagePool pool = new KvPagePool(budget, LAYOUT, 0);
                KvSequences kv = sequences(pool, 2, 130)) {
            kv.grow(1);
            kv.grow(130);
            KvView view = kv.view(1);
            assertEquals(view.maxPages(), 3);
            ByteBuffer table = HostMemory.view(view.pages(), 8 * 2 * 3);
            for (int sequence = 0; sequence < 2; sequence++) {
                for (int slot : new int[] {0, 63, 64, 129}) {
                    long page = table.getLong(8 * (sequence * 3 + slot / 64));
                    assertEquals(kv.target(sequence, slot), page + slot % 64 * 32L);
                }
            }
            assertNotEquals(kv.target(0, 0), kv.target(1, 0));
        }
    }

    @Test
    public void pagesAreTakenAsSequencesGrowAndGivenBack() {
        try (KvPagePool pool = new KvPagePool(budget, LAYOUT, 0)) {
            assertEquals(budget.usedBytes(), 0);
            try (KvSequences kv = sequences(pool, 1, 256)) {
                long tables = budget.usedBytes();
                kv.grow(64);
                assertEquals(budget.usedBytes() - tables, PAGE_BYTES);
                kv.grow(65);
                assertEquals(budget.usedBytes() - tables, 2 * PAGE_BYTES);
                kv.clear();
                assertEquals(budget.usedBytes(), tables);
            }
        }
    }

    @Test
    public void aReservedPoolTakesAllAtOnceAndKeepsThem() {
        try (KvPagePool pool = new KvPagePool(budget, LAYOUT, 4)) {
            assertEquals(budget.usedBytes(), 4 * PAGE_BYTES);
            try (KvSequences kv = sequences(pool, 2, 128)) {
                kv.grow(128);
            }
            assertEquals(budget.usedBytes(), KvPagePool.chargedBytes(LAYOUT, 4));
        }
    }

    @Test
    public void moreThanWasReservedComesFromTheBudgetAndGoesBack() {
        try (KvPagePool pool = new KvPagePool(budget, LAYOUT, 2);
                KvSequences one = sequences(pool, 1, 128)) {
            one.grow(128);
            long before = budget.usedBytes();
            try (KvSequences two = sequences(pool, 1, 64)) {
                two.grow(64);
                assertTrue(budget.usedBytes() >= before + PAGE_BYTES);
            }
            assertEquals(budget.usedBytes(), before);
        }
    }

    @Test
    public void aGrowthThatDoesNotFitTakesNothing() {
        MemoryBudget tight = new MemoryBudget("hostMemory", 3 * PAGE_BYTES);
        try (KvPagePool pool = new KvPagePool(tight, LAYOUT, 0);
                KvSequences kv =
                        new KvSequences(BACKEND, new Budgets(tight, tight), pool, 1, 640)) {
            kv.grow(64);
            long before = tight.usedBytes();
            assertThrows(BudgetExceededException.class, () -> kv.grow(640));
            assertEquals(tight.usedBytes(), before);
            kv.grow(128);
        }
        tight.close();
    }

    @Test
    public void aReservationThatDoesNotFitTakesNothing() {
        assertThrows(BudgetExceededException.class, () -> new KvPagePool(budget, LAYOUT, 1000));
    }

    @Test
    public void pagesOfAnArenaAreOffsetsAndComeBack() {
        try (KvArena arena = new KvArena(BACKEND, budget, LAYOUT, 5)) {
            assertEquals(
                    budget.usedBytes(),
                    BACKEND.chargedBytes(KvArena.sizeBytes(LAYOUT, 5)),
                    "all at once");
            try (KvSequences one = sequences(arena, 1, 200);
                    KvSequences two = sequences(arena, 1, 200)) {
                one.grow(130);
                two.grow(128);
                KvView view = one.view(1);
                assertEquals(view.base(), arena.base());
                assertEquals(view.placement(), KvPlacement.DEVICE);
                Set<Long> starts = new TreeSet<>();
                for (int slot : new int[] {0, 64, 128}) {
                    starts.add(one.target(0, slot));
                }
                starts.add(two.target(0, 0));
                starts.add(two.target(0, 64));
                long page = LAYOUT.pageBytes();
                assertEquals(starts, Set.of(0L, page, 2 * page, 3 * page, 4 * page));
                assertEquals(one.target(0, 65), one.target(0, 64) + LAYOUT.headBytes());
                BudgetExceededException e =
                        expectThrows(BudgetExceededException.class, () -> two.grow(129));
                assertTrue(e.getMessage().contains("0 left of 5"), e.getMessage());
                one.clear();
                two.grow(192);
            }
        }
    }

    @Test
    public void pinnedPagesAreInHostMemory() {
        try (KvPagePool pool = new KvPagePool(BACKEND, budget, LAYOUT, 1);
                KvSequences kv = sequences(pool, 1, 100)) {
            kv.grow(100);
            assertEquals(kv.view(0).placement(), KvPlacement.HOST);
            assertEquals(kv.view(0).base(), 0);
        }
    }

    @Test
    public void theMaskIsSeenOnlyWhereGiven() {
        try (KvPagePool pool = new KvPagePool(budget, LAYOUT, 0);
                KvSequences kv = sequences(pool, 2, 5)) {
            kv.grow(3);
            assertEquals(kv.view(0).mask(), 0);
            kv.setMask(3, new byte[] {0, 1, 1, 1, 0, 1});
            KvView view = kv.view(0);
            ByteBuffer mask = HostMemory.view(view.mask(), 10);
            assertEquals(view.maskStride(), 5);
            assertEquals(mask.get(0), 0);
            assertEquals(mask.get(2), 1);
            assertEquals(mask.get(5 + 1), 0);
            assertEquals(mask.get(5 + 2), 1);
            kv.setMask(3, null);
            assertEquals(kv.view(0).mask(), 0);
        }
    }
}
