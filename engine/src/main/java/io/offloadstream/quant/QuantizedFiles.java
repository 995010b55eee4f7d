/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.quant;

import io.offloadstream.checkpoint.TensorEntry;
import io.offloadstream.platform.DType;
import io.offloadstream.platform.FileStamp;
import io.offloadstream.platform.MappedFile;
import io.offloadstream.platform.Storage;
import io.offloadstream.platform.StorageFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.function.Function;

/**
 * A storage with one file more, which does not exist: its tensors are quantised while they are
 * read, from those of another checkpoint. Nothing is written, and what is read twice is quantised
 * twice.
 */
public final class QuantizedFiles implements Storage {

    private final Storage storage;
    private final Path file;
    private final RowConversion blocks;
    private final NavigableMap<Long, Part> parts = new TreeMap<>();
    private long sizeBytes;

    /**
     * A tensor of the file.
     *
     * @param stored its place in the file
     * @param source what it is made of
     * @param rows the rows of the source along the input
     */
    record Part(TensorEntry stored, TensorEntry source, Function<SourceFiles, TensorRows> rows) {}

    /**
     * Adds an empty file to a storage.
     *
     * @param storage of the sources
     * @param file what the file is called
     * @param type Q8_0 or Q4_0
     */
    public QuantizedFiles(Storage storage, Path file, DType type) {
        this.storage = storage;
        this.file = file;
        this.blocks = new Blocks(type);
    }

    /**
     * Adds a tensor to the file. Not to be called once the file is open.
     *
     * @param source a matrix of F32, F16 or BF16, whose rows along the input are whole blocks
     * @param exchanged whether it is stored (in, out); the tensor of the file is (out, in)
     * @return the tensor, of the same name
     */
    public TensorEntry add(TensorEntry source, boolean exchanged) {
        long[] shape = source.shape();
        if (exchanged) {
            long[] turned = {shape[1], shape[0]};
            return add(source, turned, files -> files.transposed(source));
        }
        return add(source, shape, files -> files.rows(source));
    }

    /**
     * Adds a tensor to the file whose source is losslessly packed. Not to be called once the file
     * is open.
     *
     * @param source a matrix of BF16_PACKED
     * @param escapes what lies beside it
     * @return the tensor, of the name of the source
     */
    public TensorEntry addUnpacked(TensorEntry source, TensorEntry escapes) {
        return add(source, source.shape(), files -> files.unpacked(source, escapes));
    }

    private TensorEntry add(
            TensorEntry source, long[] shape, Function<SourceFiles, TensorRows> view) {
        long rows = 1;
        for (int i = 0; i < shape.length - 1; i++) {
            rows = Math.multiplyExact(rows, shape[i]);
        }
        long bytes = Math.multiplyExact(rows, blocks.target().bytes(shape[shape.length - 1]));
        TensorEntry stored =
                new TensorEntry(source.name(), blocks.target(), shape, file, sizeBytes, bytes);
        if (bytes > 0) {
            parts.put(sizeBytes, new Part(stored, source, view));
        }
        sizeBytes += bytes;
        return stored;
    }

    @Override
    public StorageFile open(Path path, Mode mode) throws IOException {
        if (!path.equals(file)) {
            return storage.open(path, mode);
        }
        if (mode == Mode.DIRECT) {
            throw new UnsupportedOperationException(file + " is quantised while it is read");
        }
        return new QuantizedFile(this);
    }

    /** Reading again would quantise again. */
    @Override
    public boolean isReadOnce() {
        return true;
    }

    @Override
    public MappedFile map(Path path) throws IOException {
        if (path.equals(file)) {
            throw new UnsupportedOperationException(file + " is quantised while it is read");
        }
        return storage.map(path);
    }

    Path file() {
        return file;
    }

    RowConversion blocks() {
        return blocks;
    }

    long sizeBytes() {
        return sizeBytes;
    }

    /** The tensor that a byte of the file belongs to. */
    Part at(long offset) {
        return parts.floorEntry(offset).getValue();
    }

    /** Changes when a source does. */
    FileStamp stamp() throws IOException {
        StringBuilder keys = new StringBuilder();
        long newest = Long.MIN_VALUE;
        Path last = null;
        for (Part part : parts.values()) {
            Path source = part.source().file();
            if (!source.equals(last)) {
                FileStamp stamp = FileStamp.of(source);
                keys.append(stamp).append('\n');
                newest = Math.max(newest, stamp.modifiedNanos());
                last = source;
            }
        }
        return new FileStamp(sizeBytes, newest, keys.toString());
    }
}
