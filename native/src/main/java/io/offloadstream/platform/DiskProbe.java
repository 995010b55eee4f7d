/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform;

import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Measures reads of a file with some requests in flight. Successive runs go on where the last one
 * stopped, and start over at the end of the file, as decoding does.
 */
public final class DiskProbe implements AutoCloseable {

    private final StorageFile file;
    private final long fileBytes;
    private final HostMemory memory;
    private final AtomicLong position = new AtomicLong();

    /**
     * Opens a file: for direct io, or, where its storage refuses that, through the page cache.
     *
     * @param path not empty
     * @param storage where it is
     * @param mostBytes in flight together in a run
     * @param budget is charged mostBytes
     * @throws OffloadStreamException if the file cannot be read
     */
    public DiskProbe(Path path, Storage storage, int mostBytes, MemoryBudget budget) {
        try (Owned opened = new Owned()) {
            memory = opened.own(HostMemory.allocate(budget, "disk probe", mostBytes));
            file = opened.own(open(path, storage));
            fileBytes = file.stamp().sizeBytes();
            opened.release();
        } catch (IOException e) {
            throw new OffloadStreamException(path + " cannot be measured: " + e, e);
        }
    }

    private static StorageFile open(Path path, Storage storage) throws IOException {
        try {
            return storage.open(path, Storage.Mode.DIRECT);
        } catch (UnsupportedOperationException e) {
            return storage.open(path, Storage.Mode.BUFFERED);
        }
    }

    /**
     * Reads for a while.
     *
     * @param requestBytes size of a request, a multiple of {@link HostMemory#ALIGNMENT_BYTES}
     * @param inFlight requests at a time, each by a thread of its own
     * @param nanos for how long; each thread reads once at least
     * @return bytes per second
     * @throws OffloadStreamException if a read fails
     */
    public double bytesPerSecond(int requestBytes, int inFlight, long nanos) {
        if (requestBytes < 1 || (long) requestBytes * inFlight > memory.sizeBytes()) {
            throw new IllegalArgumentException(
                    inFlight
                            + " requests of "
                            + requestBytes
                            + " bytes; the probe has memory for "
                            + memory.sizeBytes());
        }
        long requests = Math.max(1, fileBytes / requestBytes);
        AtomicLong bytes = new AtomicLong();
        long begin = System.nanoTime();
        double seconds =
                ProbeThreads.run(
                        inFlight,
                        thread -> {
                            do {
                                long at = position.getAndAdd(requestBytes) / requestBytes;
                                bytes.addAndGet(
                                        file.read(
                                                at % requests * requestBytes,
                                                memory.address() + (long) thread * requestBytes,
                                                requestBytes));
                            } while (System.nanoTime() - begin < nanos);
                        });
        return bytes.get() / seconds;
    }

    /** Closes the file and frees the memory. */
    @Override
    public void close() {
        Owned.closeAll(file, memory);
    }
}
