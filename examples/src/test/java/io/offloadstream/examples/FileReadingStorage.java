/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.examples;

import io.offloadstream.platform.DeviceBuffer;
import io.offloadstream.platform.DeviceFile;
import io.offloadstream.platform.DeviceStorage;
import io.offloadstream.platform.GdsMode;
import io.offloadstream.platform.GdsStatus;
import io.offloadstream.platform.Storage;
import io.offloadstream.platform.StorageFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;

/** Reads files into "device" memory that is the host's, in the mode that a test says. */
final class FileReadingStorage implements DeviceStorage {

    GdsStatus last = new GdsStatus(GdsMode.COMPAT, "");
    boolean throughPageCache;
    final LongAdder bytes = new LongAdder();
    final AtomicInteger open = new AtomicInteger();

    @Override
    public DeviceFile open(Path path) throws IOException {
        Storage.Mode mode = throughPageCache ? Storage.Mode.BUFFERED : Storage.Mode.DIRECT;
        StorageFile file = Storage.local().open(path, mode);
        open.incrementAndGet();
        return new DeviceFile() {
            @Override
            public int read(long offset, DeviceBuffer target, long targetOffset, int length)
                    throws IOException {
                int count = file.read(offset, target.address() + targetOffset, length);
                bytes.add(count);
                return count;
            }

            @Override
            public long sizeBytes() throws IOException {
                return Files.size(path);
            }

            @Override
            public void close() {
                open.decrementAndGet();
                try {
                    file.close();
                } catch (IOException e) {
                    throw new AssertionError(e);
                }
            }
        };
    }

    @Override
    public DeviceBuffer register(DeviceBuffer buffer) {
        open.incrementAndGet();
        return new DeviceBuffer() {
            @Override
            public long address() {
                return buffer.address();
            }

            @Override
            public long sizeBytes() {
                return buffer.sizeBytes();
            }

            @Override
            public void close() {
                open.decrementAndGet();
                buffer.close();
            }
        };
    }

    @Override
    public GdsStatus probe(List<DeviceFile> files, DeviceBuffer target) throws IOException {
        for (DeviceFile file : files) {
            file.read(0, target, 0, DeviceFile.BLOCK_BYTES);
        }
        return new GdsStatus(GdsMode.DIRECT, "probed");
    }

    @Override
    public GdsStatus status() {
        return last;
    }

    @Override
    public List<String> facts() {
        return List.of("a fact of the library");
    }

    @Override
    public void close() {
        // holds nothing
    }
}
