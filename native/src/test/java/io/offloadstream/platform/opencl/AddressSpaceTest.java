/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform.opencl;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertTrue;

import org.testng.annotations.Test;

public class AddressSpaceTest {

    @Test
    public void rangesAreAlignedApartAndNeverUsedAgain() {
        AddressSpace space = new AddressSpace();
        long before = 0;
        for (long size : new long[] {1, 255, 256, 257, 80L << 30, 3}) {
            long address = space.reserve(size);
            assertEquals(address % 256, 0);
            assertTrue(address >= before + AddressSpace.GAP_BYTES, "size " + size);
            assertTrue(address >= 1L << 47, "no address of a process");
            before = address + size;
        }
    }
}
