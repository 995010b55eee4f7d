/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.stream;

import io.offloadstream.platform.DeviceBuffer;
import io.offloadstream.platform.HostMemory;
import io.offloadstream.platform.MemoryBudget;
import io.offloadstream.platform.Reservation;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.function.LongConsumer;

/**
 * Memory of a {@link FakeDevice}, and what it may copy from. Device memory is real, but its
 * addresses are not: who uses one on the host crashes at once. Remembers who used memory that was
 * not there. Thread-safe.
 */
final class FakeMemory {

    /** No address of a process is that high. */
    static final long OFFSET = 1L << 62;

    /** What allocations of the device are rounded up to. */
    private static final int UNIT = 512;

    private static final int PAGE = 4096;

    private final MemoryBudget machine = MemoryBudget.unlimited("fake device");
    private final TreeMap<Long, HostMemory> device = new TreeMap<>();
    private final TreeMap<Long, HostMemory> pinned = new TreeMap<>();
    private final List<String> violations = new ArrayList<>();

    static long chargedBytes(long sizeBytes) {
        return (sizeBytes + UNIT - 1) / UNIT * UNIT;
    }

    synchronized DeviceBuffer allocate(MemoryBudget budget, String purpose, long sizeBytes) {
        Reservation reservation = budget.reserve(purpose, chargedBytes(sizeBytes));
        HostMemory real = HostMemory.allocate(machine, purpose, pages(sizeBytes));
        device.put(real.address(), real);
        // nobody may take what was never copied for weights
        for (long i = 0; i < real.sizeBytes(); i += PAGE) {
            byte[] junk = new byte[PAGE];
            Arrays.fill(junk, (byte) 0xA5);
            real.buffer(i, PAGE).put(junk);
        }
        return new DeviceBuffer() {
            private boolean closed;

            @Override
            public long address() {
                return real.address() + OFFSET;
            }

            @Override
            public long sizeBytes() {
                return sizeBytes;
            }

            @Override
            public void close() {
                if (!closed) {
                    closed = true;
                    free(device, real.address());
                    reservation.close();
                }
            }
        };
    }

    /** A source of pinned memory. */
    HostMemory.Source pinnedSource() {
        return new HostMemory.Source() {
            @Override
            public long allocate(long sizeBytes) {
                HostMemory real = HostMemory.allocate(machine, "pinned", pages(sizeBytes));
                synchronized (FakeMemory.this) {
                    pinned.put(real.address(), real);
                }
                return real.address();
            }

            @Override
            public void free(long address, long sizeBytes) {
                FakeMemory.this.free(pinned, address);
            }
        };
    }

    private static long pages(long sizeBytes) {
        return (sizeBytes + PAGE - 1) / PAGE * PAGE;
    }

    private synchronized void free(Map<Long, HostMemory> from, long address) {
        from.remove(address).close();
    }

    /** Copies to the device, from pinned memory only. */
    synchronized void upload(long source, long target, long sizeBytes) {
        if (isIn(pinned, source, sizeBytes, "upload from")
                && isIn(device, target - OFFSET, sizeBytes, "upload to")) {
            HostMemory.view(target - OFFSET, (int) sizeBytes)
                    .put(HostMemory.view(source, (int) sizeBytes));
        }
    }

    /** Copies within the device. */
    synchronized void copy(long source, long target, long sizeBytes) {
        if (isIn(device, source - OFFSET, sizeBytes, "copy from")
                && isIn(device, target - OFFSET, sizeBytes, "copy to")) {
            HostMemory.view(target - OFFSET, (int) sizeBytes)
                    .put(HostMemory.view(source - OFFSET, (int) sizeBytes));
        }
    }

    /** Runs something on real bytes of the device. */
    synchronized void read(long address, long sizeBytes, LongConsumer reader) {
        if (isIn(device, address - OFFSET, sizeBytes, "kernel on")) {
            reader.accept(address - OFFSET);
        }
    }

    private boolean isIn(NavigableMap<Long, HostMemory> live, long from, long size, String what) {
        Map.Entry<Long, HostMemory> range = live.floorEntry(from);
        boolean inside =
                range != null && from + size <= range.getKey() + range.getValue().sizeBytes();
        if (!inside) {
            violations.add(what + " memory that is not there");
        }
        return inside;
    }

    synchronized void violated(String what) {
        violations.add(what);
    }

    synchronized List<String> violations() {
        return List.copyOf(violations);
    }

    /** Throws if anything is still allocated. */
    void close() {
        machine.close();
    }
}
