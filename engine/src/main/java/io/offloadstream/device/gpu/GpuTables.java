/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.device.gpu;

import io.offloadstream.device.SharedTable;
import io.offloadstream.platform.DeviceBuffer;
import io.offloadstream.platform.DeviceStream;
import io.offloadstream.platform.HostMemory;
import io.offloadstream.platform.MemoryBudget;
import io.offloadstream.platform.gpu.Gpu;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;

/**
 * The open tables of a backend, found by where kernels read them: what copies pages and rows for
 * the kernels looks into the part that the host wrote. Thread-safe.
 */
final class GpuTables {

    private final ConcurrentSkipListMap<Long, Table> open = new ConcurrentSkipListMap<>();

    SharedTable open(
            Gpu gpu,
            DeviceStream stream,
            MemoryBudget host,
            MemoryBudget device,
            String purpose,
            long sizeBytes) {
        HostMemory written = gpu.allocateHost(host, purpose, sizeBytes);
        Table table = null;
        try {
            DeviceBuffer read = gpu.allocate(device, purpose, sizeBytes);
            table = new Table(written, read, stream);
            open.put(table.address(), table);
        } finally {
            if (table == null) {
                written.close();
            }
        }
        return table;
    }

    /**
     * Views what the host wrote where kernels read.
     *
     * @param address of the device, within a table
     * @param sizeBytes length of the view
     * @return the view
     * @throws IllegalArgumentException if it is in no table
     */
    ByteBuffer hostPart(long address, long sizeBytes) {
        Map.Entry<Long, Table> entry = open.floorEntry(address);
        if (entry == null || address - entry.getKey() + sizeBytes > entry.getValue().sizeBytes()) {
            throw new IllegalArgumentException(
                    "rows and pages of a cache on the host must be in tables of this backend;"
                            + " none has the "
                            + sizeBytes
                            + " bytes at "
                            + address);
        }
        return entry.getValue()
                .buffer(address - entry.getKey(), Math.toIntExact(sizeBytes));
    }

    /** A table in pinned memory and its copy on the device. */
    private final class Table implements SharedTable {

        private final HostMemory written;
        private final DeviceBuffer read;
        private final DeviceStream stream;

        Table(HostMemory written, DeviceBuffer read, DeviceStream stream) {
            this.written = written;
            this.read = read;
            this.stream = stream;
        }

        @Override
        public long address() {
            return read.address();
        }

        long sizeBytes() {
            return written.sizeBytes();
        }

        @Override
        public ByteBuffer buffer(long offset, int length) {
            return written.buffer(offset, length);
        }

        @Override
        public void publish(long offset, long length) {
            if (offset < 0 || length < 0 || offset > written.sizeBytes() - length) {
                throw new IndexOutOfBoundsException(
                        "[" + offset + ", +" + length + ") of " + written.sizeBytes() + " bytes");
            }
            if (length > 0) {
                stream.upload(written.address() + offset, read.address() + offset, length);
            }
        }

        @Override
        public void close() {
            open.remove(read.address(), this);
            written.close();
            read.close();
        }
    }
}
