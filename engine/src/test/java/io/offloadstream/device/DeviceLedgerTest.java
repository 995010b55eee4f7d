/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.device;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertTrue;

import io.offloadstream.device.DeviceLedger.Claim;
import io.offloadstream.platform.Reservation;
import java.util.Map;
import org.testng.annotations.Test;

/** Models on one device share what the user gave. */
public class DeviceLedgerTest {

    private static final DeviceMemory MEMORY = new DeviceMemory("test:0", 1000, 700, 100, 0);

    private final DeviceLedger ledger = new DeviceLedger();

    @Test
    public void theContextIsCountedOnceAndTheRestIsShared() {
        try (Claim first = ledger.claim(MEMORY, 900, 500).orElseThrow()) {
            assertEquals(first.budget().limitBytes(), 500);
            assertTrue(ledger.claim(MEMORY, 900, 301).isEmpty());
            try (Claim second = ledger.claim(MEMORY, 900, 300).orElseThrow()) {
                assertEquals(ledger.heldBytes("test:0"), 800);
                assertEquals(second.budget().limitBytes(), 300);
                assertTrue(ledger.claim(MEMORY, 900, 1).isEmpty());
                // what the newest was given counts for all of them
                ledger.claim(MEMORY, 950, 50).orElseThrow().close();
            }
            assertEquals(ledger.heldBytes("test:0"), 500);
        }
        assertEquals(ledger.heldBytes("test:0"), 0);
        ledger.claim(MEMORY, 900, 800).orElseThrow().close();
    }

    @Test
    public void devicesAreCountedApart() {
        DeviceMemory other = new DeviceMemory("test:1", 1000, 900, 100, 0);
        try (Claim first = ledger.claim(MEMORY, 900, 800).orElseThrow();
                Claim second = ledger.claim(other, 900, 800).orElseThrow()) {
            assertEquals(ledger.heldBytes("test:1"), second.budget().limitBytes());
            assertEquals(first.budget().usedBytes(), 0);
        }
    }

    @Test
    public void whatIsHeldAlreadyCanBeHad() {
        try (Claim claim = ledger.claim(MEMORY, 900, 800).orElseThrow();
                Reservation used = claim.budget().reserve("weights", 60)) {
            assertEquals(ledger.usedBytes("test:0"), used.sizeBytes());
            assertEquals(ledger.reachableBytes(MEMORY), 700 + 100 + 60);
        }
    }

    @Test
    public void closingTwiceGivesBackOnce() {
        Claim first = ledger.claim(MEMORY, 900, 500).orElseThrow();
        first.close();
        try (Claim second = ledger.claim(MEMORY, 900, 800).orElseThrow()) {
            first.close();
            assertEquals(ledger.heldBytes("test:0"), second.budget().limitBytes());
        }
    }

    @Test
    public void aLibrarysMemoryIsPartOfItsModelsClaim() {
        DeviceLedger ledger = new DeviceLedger();
        DeviceMemory memory = new DeviceMemory("test:0", 1000, 650, 100, 50);
        assertEquals(ledger.reachableBytes(memory), 800, "free, context, library");
        try (DeviceLedger.Claim claim = ledger.claim(memory, 900, 300).orElseThrow()) {
            assertEquals(claim.budget().usedByPurpose(), Map.of("cuBLAS", 50L));
            assertEquals(ledger.heldBytes("test:0"), 300);
            assertTrue(ledger.claim(memory, 900, 501).isEmpty());
        }
    }
}
