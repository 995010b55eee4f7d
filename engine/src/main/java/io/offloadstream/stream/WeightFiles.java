/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.stream;

import io.offloadstream.platform.FileStamp;
import io.offloadstream.platform.HostMemory;
import io.offloadstream.platform.MappedFile;
import io.offloadstream.platform.MemoryBudget;
import io.offloadstream.platform.OffloadStreamException;
import io.offloadstream.platform.Owned;
import io.offloadstream.platform.Reservation;
import io.offloadstream.platform.Storage;
import io.offloadstream.platform.StorageFile;
import io.offloadstream.stream.StreamOptions.Io;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The files of a checkpoint, all open for reading in one mode, or all mapped. */
final class WeightFiles implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(WeightFiles.class);

    private final Io io;
    private final List<Path> paths;
    private final Map<Path, Integer> indices = new HashMap<>();
    private final List<FileStamp> stamps = new ArrayList<>();
    private final List<StorageFile> files = new ArrayList<>();
    private final List<MappedFile> maps = new ArrayList<>();
    private final List<Reservation> reservations = new ArrayList<>();

    private WeightFiles(Io io, SortedMap<Path, Long> sizes) {
        this.io = io;
        this.paths = List.copyOf(sizes.keySet());
        for (Path path : paths) {
            indices.put(path, indices.size());
        }
    }

    /**
     * Opens files for reading.
     *
     * @param sizes how long each file must be at least
     * @param io AUTO, DIRECT or BUFFERED
     * @param blockBytes what reads are aligned to
     * @param storage where the files come from
     */
    static WeightFiles open(SortedMap<Path, Long> sizes, Io io, int blockBytes, Storage storage) {
        if (io == Io.BUFFERED) {
            return open(sizes, Io.BUFFERED, Storage.Mode.BUFFERED, blockBytes, storage);
        }
        try {
            return open(sizes, Io.DIRECT, Storage.Mode.DIRECT, blockBytes, storage);
        } catch (UnsupportedOperationException e) {
            if (io == Io.DIRECT) {
                throw new OffloadStreamException(
                        "io=direct is refused: " + e.getMessage() + "; use io=auto or io=buffered",
                        e);
            }
            LOG.warn(
                    "direct io is refused, reading through the page cache instead: {}",
                    e.getMessage());
            return open(sizes, Io.BUFFERED, Storage.Mode.BUFFERED, blockBytes, storage);
        }
    }

    private static WeightFiles open(
            SortedMap<Path, Long> sizes,
            Io io,
            Storage.Mode mode,
            int blockBytes,
            Storage storage) {
        WeightFiles opened = new WeightFiles(io, sizes);
        boolean complete = false;
        try {
            for (Path path : opened.paths) {
                StorageFile file = storage.open(path, mode);
                opened.files.add(file);
                if (blockBytes % file.blockBytes() != 0) {
                    throw new UnsupportedOperationException(
                            path
                                    + " has blocks of "
                                    + file.blockBytes()
                                    + " bytes, the plan reads in units of "
                                    + blockBytes);
                }
                opened.stamp(path, file.stamp(), sizes.get(path));
            }
            complete = true;
            return opened;
        } catch (IOException e) {
            throw new OffloadStreamException("a weight file cannot be opened: " + e, e);
        } finally {
            if (!complete) {
                opened.close();
            }
        }
    }

    /**
     * Maps files, each charged to the budget as a whole.
     *
     * @throws UnsupportedOperationException if this system does not map
     */
    static WeightFiles map(SortedMap<Path, Long> sizes, MemoryBudget budget, Storage storage) {
        WeightFiles opened = new WeightFiles(Io.MMAP, sizes);
        boolean complete = false;
        try {
            for (Path path : opened.paths) {
                FileStamp stamp = FileStamp.of(path);
                opened.stamp(path, stamp, sizes.get(path));
                long charged = HostMemory.chargedBytes(Math.max(1, stamp.sizeBytes()));
                opened.reservations.add(budget.reserve("mapped files", charged));
                opened.maps.add(storage.map(path));
            }
            complete = true;
            return opened;
        } catch (IOException e) {
            throw new OffloadStreamException("a weight file cannot be mapped: " + e, e);
        } finally {
            if (!complete) {
                opened.close();
            }
        }
    }

    private void stamp(Path path, FileStamp stamp, long leastBytes) {
        stamps.add(stamp);
        if (stamp.sizeBytes() < leastBytes) {
            throw new OffloadStreamException(
                    path
                            + " has "
                            + stamp.sizeBytes()
                            + " bytes, its tensors end at "
                            + leastBytes
                            + "; it was cut, fetch it again");
        }
    }

    /** How the files are read in fact: DIRECT, BUFFERED or MMAP. */
    Io io() {
        return io;
    }

    int indexOf(Path path) {
        return indices.get(path);
    }

    List<Path> paths() {
        return paths;
    }

    Path path(int file) {
        return paths.get(file);
    }

    /** Where a file is mapped. */
    long mappedAddress(Path path) {
        return maps.get(indexOf(path)).address();
    }

    /** A read of a piece. */
    @FunctionalInterface
    interface Source {

        /**
         * Reads it and returns how many bytes came, fewer than asked for at the end of the file.
         */
        int read() throws IOException;
    }

    /** The read of a piece into host memory. */
    Source into(Piece piece, long address) {
        StorageFile file = files.get(piece.file());
        return () -> file.read(piece.offset(), address, piece.length());
    }

    /**
     * Reads a piece.
     *
     * @param piece what
     * @param name what for, for messages
     * @param source how
     * @throws OffloadStreamException if the read fails or the file ends too early
     */
    void read(Piece piece, String name, Source source) {
        int count;
        try {
            count = source.read();
        } catch (IOException | RuntimeException e) {
            throw new OffloadStreamException(where(piece, name) + " failed: " + e, e);
        }
        if (count < piece.needed()) {
            throw new OffloadStreamException(
                    where(piece, name)
                            + " ended after "
                            + count
                            + " bytes, "
                            + piece.needed()
                            + " hold weights; the file was cut while it was in use, reopen the"
                            + " model when it is whole again");
        }
    }

    private String where(Piece piece, String name) {
        return name
                + ": the read of "
                + piece.length()
                + " bytes at offset "
                + piece.offset()
                + " of "
                + path(piece.file());
    }

    /**
     * Compares all files with what they were when they were opened.
     *
     * @throws OffloadStreamException if one has changed
     */
    void checkUnchanged() {
        for (int i = 0; i < paths.size(); i++) {
            FileStamp now;
            try {
                now = files.isEmpty() ? FileStamp.of(paths.get(i)) : files.get(i).stamp();
            } catch (IOException e) {
                throw new OffloadStreamException(
                        paths.get(i) + " is gone while it is in use; reopen the model: " + e, e);
            }
            if (!now.equals(stamps.get(i))) {
                throw new OffloadStreamException(
                        paths.get(i)
                                + " has changed while it was in use, from "
                                + stamps.get(i)
                                + " to "
                                + now
                                + "; reopen the model");
            }
        }
    }

    @Override
    public void close() {
        Owned.closeAll(
                () -> Owned.closeAll(maps), () -> Owned.closeAll(reservations), this::closeFiles);
    }

    private void closeFiles() {
        try {
            Owned.closeAll(files);
        } catch (UncheckedIOException e) {
            IOException cause = e.getCause();
            throw new OffloadStreamException("a weight file cannot be closed: " + cause, cause);
        }
    }
}
