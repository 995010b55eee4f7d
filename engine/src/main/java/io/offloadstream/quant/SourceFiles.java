/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.quant;

import io.offloadstream.checkpoint.CheckpointException;
import io.offloadstream.checkpoint.TensorEntry;
import io.offloadstream.platform.DType;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** The open files of a checkpoint, and views of its tensors. Thread-safe, its views too. */
public final class SourceFiles implements AutoCloseable {

    /** The JDK copies what it reads off the heap first, as much as it is asked for. */
    private static final int CHUNK_BYTES = 1 << 20;

    private final Map<Path, FileChannel> channels = new ConcurrentHashMap<>();

    /**
     * Views a tensor as it is stored.
     *
     * @param entry where it lies
     * @return its rows, valid until this is closed
     */
    public TensorRows rows(TensorEntry entry) {
        return new Stored(entry);
    }

    /**
     * Views a tensor as it is stored, each element a row: a vector of any length is read in parts.
     *
     * @param entry where it lies
     * @return its elements, or whole blocks of them, valid until this is closed
     */
    public TensorRows elements(TensorEntry entry) {
        return new Elements(entry);
    }

    /**
     * Views a losslessly packed matrix as the BF16 rows that it was made of.
     *
     * @param entry where its rows lie
     * @param escapes where its escapes lie
     * @return its rows, valid until this is closed
     */
    public TensorRows unpacked(TensorEntry entry, TensorEntry escapes) {
        return new UnpackedRows(rows(entry), elements(escapes));
    }

    /**
     * Views a matrix with its dimensions exchanged.
     *
     * @param entry a matrix (in, out) of elements
     * @return (out, in), valid until this is closed
     */
    public TensorRows transposed(TensorEntry entry) {
        return new Transposed(entry);
    }

    private void read(TensorEntry entry, long offset, byte[] target, int begin, int length)
            throws IOException {
        FileChannel channel = channel(entry.file());
        int done = 0;
        while (done < length) {
            int chunk = Math.min(CHUNK_BYTES, length - done);
            int count =
                    channel.read(
                            ByteBuffer.wrap(target, begin + done, chunk),
                            entry.offset() + offset + done);
            if (count < 0) {
                throw new CheckpointException(
                        entry.file() + ": was cut while tensor " + entry.name() + " was read");
            }
            done += count;
        }
    }

    private FileChannel channel(Path file) throws IOException {
        try {
            return channels.computeIfAbsent(file, SourceFiles::open);
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }

    private static FileChannel open(Path file) {
        try {
            return FileChannel.open(file, StandardOpenOption.READ);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Closes the files. */
    @Override
    public void close() throws IOException {
        IOException first = null;
        for (FileChannel channel : channels.values()) {
            try {
                channel.close();
            } catch (IOException e) {
                first = first == null ? e : first;
            }
        }
        channels.clear();
        if (first != null) {
            throw first;
        }
    }

    private class Stored implements TensorRows {

        private final TensorEntry entry;

        Stored(TensorEntry entry) {
            this.entry = entry;
        }

        @Override
        public String name() {
            return entry.name();
        }

        @Override
        public DType type() {
            return entry.type();
        }

        @Override
        public long[] shape() {
            return entry.shape();
        }

        @Override
        public void read(long begin, int count, byte[] target) throws IOException {
            int rowBytes = rowBytes();
            SourceFiles.this.read(
                    entry, begin * rowBytes, target, 0, Math.multiplyExact(count, rowBytes));
        }
    }

    private final class Elements extends Stored {

        Elements(TensorEntry entry) {
            super(entry);
        }

        @Override
        public long rows() {
            return super.rows() * super.columns() / columns();
        }

        @Override
        public int columns() {
            return type().blockElements();
        }
    }

    private final class Transposed implements TensorRows {

        private final TensorEntry entry;
        private final long in;
        private final long out;

        Transposed(TensorEntry entry) {
            this.entry = entry;
            long[] shape = entry.shape();
            if (shape.length != 2) {
                throw new IllegalArgumentException(entry + " is no matrix");
            }
            this.in = shape[0];
            this.out = shape[1];
        }

        @Override
        public String name() {
            return entry.name();
        }

        @Override
        public DType type() {
            return entry.type();
        }

        @Override
        public long[] shape() {
            return new long[] {out, in};
        }

        /** Takes a piece of each stored row: the more rows at once, the longer the pieces. */
        @Override
        public void read(long begin, int count, byte[] target) throws IOException {
            int size = type().sizeBytes();
            int rowBytes = rowBytes();
            byte[] piece = new byte[Math.multiplyExact(count, size)];
            for (int i = 0; i < in; i++) {
                SourceFiles.this.read(entry, (i * out + begin) * size, piece, 0, piece.length);
                for (int o = 0; o < count; o++) {
                    System.arraycopy(piece, o * size, target, o * rowBytes + i * size, size);
                }
            }
        }
    }
}
