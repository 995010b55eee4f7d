/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Measures reads of files with some requests in flight. Successive runs go on where the last one
 * stopped, and start over at the end of the last file, as decoding does.
 */
public final class DiskProbe implements AutoCloseable {

    private final StorageFile[] files;
    private final long[] fileBytes;
    private final HostMemory memory;
    private final AtomicLong position = new AtomicLong();

    /**
     * Opens files: for direct io, or, where their storage refuses that, through the page cache.
     *
     * @param paths one or more files that are not empty, in the order of reading
     * @param storage where they are
     * @param mostBytes in flight together in a run
     * @param budget is charged mostBytes
     * @throws OffloadStreamException if a file cannot be read
     */
    public DiskProbe(List<Path> paths, Storage storage, int mostBytes, MemoryBudget budget) {
        if (paths.isEmpty()) {
            throw new IllegalArgumentException("no file to measure; needed: 1 or more");
        }
        files = new StorageFile[paths.size()];
        fileBytes = new long[files.length];
        try (Owned opened = new Owned()) {
            memory = opened.own(HostMemory.allocate(budget, "disk probe", mostBytes));
            for (int i = 0; i < files.length; i++) {
                files[i] = opened.own(open(paths.get(i), storage));
                fileBytes[i] = files[i].stamp().sizeBytes();
            }
            opened.release();
        } catch (IOException e) {
            throw new OffloadStreamException(paths + " cannot be measured: " + e, e);
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
        AtomicLong bytes = new AtomicLong();
        long begin = System.nanoTime();
        double seconds =
                ProbeThreads.run(
                        inFlight,
                        thread -> {
                            long target = memory.address() + (long) thread * requestBytes;
                            do {
                                bytes.addAndGet(read(requestBytes, target));
                            } while (System.nanoTime() - begin < nanos);
                        });
        return bytes.get() / seconds;
    }

    /** Reads the next request: all whole ones of a file, at least one, then the next file's. */
    private int read(int requestBytes, long target) throws IOException {
        long all = 0;
        for (long size : fileBytes) {
            all += requests(size, requestBytes);
        }
        long number = position.getAndAdd(requestBytes) / requestBytes % all;
        int index = 0;
        while (number >= requests(fileBytes[index], requestBytes)) {
            number -= requests(fileBytes[index], requestBytes);
            index++;
        }
        return files[index].read(number * requestBytes, target, requestBytes);
    }

    private static long requests(long sizeBytes, int requestBytes) {
        return Math.max(1, sizeBytes / requestBytes);
    }

    /** Closes the files and frees the memory. */
    @Override
    public void close() {
        Owned.closeAll(() -> Owned.closeAll(files), memory);
    }
}
