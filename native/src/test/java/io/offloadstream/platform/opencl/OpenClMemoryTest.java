/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform.opencl;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertTrue;
import static org.testng.Assert.expectThrows;

import io.offloadstream.platform.DeviceMemoryException;
import io.offloadstream.platform.MemoryBudget;
import io.offloadstream.platform.gpu.KernelCache;
import java.util.Map;
import org.testng.annotations.AfterClass;
import org.testng.annotations.BeforeClass;
import org.testng.annotations.Test;

/**
 * What a driver refuses: the device here is taken to allow memory objects of any size, so that its
 * driver is asked for one that it does not have.
 */
public class OpenClMemoryTest {

    private static final long REFUSED_BYTES = 1L << 50;

    private ClContext context;

    @BeforeClass
    public void open() {
        TestDevice.find();
        ClDevice found = ClDevice.find().devices().get(0);
        ClDevice boundless =
                new ClDevice(
                        found.platform(),
                        found.id(),
                        found.info(),
                        Long.MAX_VALUE,
                        found.processors());
        context = ClContext.open(boundless, Map.of(), KernelCache.ofUser());
    }

    @AfterClass(alwaysRun = true)
    public void close() {
        if (context != null) {
            context.release();
        }
    }

    @Test
    public void refusedPinnedMemorySaysHowMuchAndWhatToLower() {
        DeviceMemoryException e =
                expectThrows(
                        DeviceMemoryException.class, () -> context.pinned.allocate(REFUSED_BYTES));
        String message = e.getMessage();
        assertTrue(message.contains("refused " + REFUSED_BYTES + " bytes"), message);
        assertTrue(message.contains("lower hostMemory"), message);
        long address = context.pinned.allocate(4096);
        context.pinned.free(address, 4096);
    }

    @Test
    public void refusedDeviceMemorySaysHowMuchWhatIsFreeAndWhatToLower() {
        try (MemoryBudget budget = MemoryBudget.unlimited("device")) {
            DeviceMemoryException e =
                    expectThrows(
                            DeviceMemoryException.class,
                            () -> ClBuffer.allocate(context, budget, "weights", REFUSED_BYTES));
            String message = e.getMessage();
            assertTrue(message.startsWith("weights: "), message);
            assertTrue(message.contains("refused " + REFUSED_BYTES + " bytes"), message);
            assertTrue(message.contains(context.freeBytes() + " free of "), message);
            assertTrue(message.contains("lower deviceMemory"), message);
            assertEquals(budget.usedBytes(), 0);
            ClBuffer.allocate(context, budget, "weights", 4096).close();
        }
    }

    @Test
    public void devicesThatTheKernelsDoNotFitAreNotTaken() {
        assertEquals(ClDevice.tooSmall(32768, 256), "");
        assertTrue(ClDevice.tooSmall(32767, 256).contains("32767 bytes of local memory"));
        assertTrue(ClDevice.tooSmall(65536, 255).contains("at most 255 threads"));
    }
}
