/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.device.cpu;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertNotEquals;
import static org.testng.Assert.assertThrows;
import static org.testng.Assert.assertTrue;
import static org.testng.Assert.expectThrows;

import io.offloadstream.ops.ScratchSize;
import io.offloadstream.ops.Tensor;
import io.offloadstream.platform.BudgetExceededException;
import io.offloadstream.platform.DType;
import io.offloadstream.platform.HostMemory;
import io.offloadstream.platform.MemoryBudget;
import org.testng.annotations.Test;

public class CpuWorkspaceTest {

    private static final long SIZE_BYTES = ScratchSize.FIXED_BYTES + 256;

    @Test
    public void tensorsAreAlignedAndDoNotOverlap() {
        try (MemoryBudget budget = MemoryBudget.unlimited("test");
                CpuWorkspace workspace = new CpuWorkspace(budget, SIZE_BYTES)) {
            Tensor first = workspace.allocate(DType.F32, 3, 5);
            Tensor second = workspace.allocate(DType.F32, 17);
            assertEquals(first.address() % ScratchSize.ALIGNMENT_BYTES, 0);
            assertEquals(second.address() - first.address(), 64, "60 bytes take 64");
            assertEquals(workspace.usedBytes(), ScratchSize.FIXED_BYTES + 64 + 128);
            long table = workspace.rowAddressesAddress() + ScratchSize.FIXED_BYTES;
            assertTrue(first.address() >= table, "the table of addresses is kept apart");
        }
    }

    @Test
    public void resetGivesAllOfItBack() {
        try (MemoryBudget budget = MemoryBudget.unlimited("test");
                CpuWorkspace workspace = new CpuWorkspace(budget, SIZE_BYTES)) {
            Tensor before = workspace.allocate(DType.F32, 64);
            assertThrows(IllegalStateException.class, () -> workspace.allocate(DType.F32, 1));
            workspace.reset();
            assertEquals(workspace.allocate(DType.F32, 64).address(), before.address());
        }
    }

    @Test
    public void aFullWorkspaceSaysWhatWasNeededAndWhatWasLeft() {
        try (MemoryBudget budget = MemoryBudget.unlimited("test");
                CpuWorkspace workspace = new CpuWorkspace(budget, SIZE_BYTES)) {
            workspace.allocate(DType.F32, 16);
            IllegalStateException e =
                    expectThrows(
                            IllegalStateException.class, () -> workspace.allocate(DType.F32, 7, 7));
            assertTrue(
                    e.getMessage().contains("F32[7, 7] needs 256 bytes, 192 left"), e.getMessage());
        }
    }

    @Test
    public void theBudgetIsChargedAndRefuses() {
        long charged = HostMemory.chargedBytes(SIZE_BYTES);
        try (MemoryBudget budget = new MemoryBudget("hostMemory", charged);
                CpuWorkspace workspace = new CpuWorkspace(budget, SIZE_BYTES)) {
            assertNotEquals(workspace.rowAddressesAddress(), 0);
            assertEquals(budget.usedBytes(), charged);
            assertThrows(BudgetExceededException.class, () -> new CpuWorkspace(budget, SIZE_BYTES));
        }
    }
}
