/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.quant;

import io.offloadstream.checkpoint.CheckpointException;
import io.offloadstream.platform.FileStamp;
import io.offloadstream.platform.HostMemory;
import io.offloadstream.platform.StorageFile;
import io.offloadstream.quant.QuantizedFiles.Part;
import java.io.IOException;

/** The file of {@link QuantizedFiles}, open: quantises the rows that a read touches. */
final class QuantizedFile implements StorageFile {

    /** Source rows that are read at a time, on the heap of each reader: one at least. */
    private static final int CHUNK_BYTES = 1 << 20;

    private final QuantizedFiles files;
    private final SourceFiles sources = new SourceFiles();

    QuantizedFile(QuantizedFiles files) {
        this.files = files;
    }

    @Override
    public int blockBytes() {
        return 1;
    }

    @Override
    public int read(long offset, long address, int length) throws IOException {
        int wanted = (int) Math.max(0, Math.min(length, files.sizeBytes() - offset));
        int done = 0;
        while (done < wanted) {
            done += readPart(offset + done, address + done, wanted - done);
        }
        return done;
    }

    /** Reads some rows of one tensor; returns how many bytes that were. */
    private int readPart(long offset, long address, int length) throws IOException {
        Part part = files.at(offset);
        TensorRows source = part.rows().apply(sources);
        int rowBytes = Math.toIntExact(files.blocks().target().bytes(source.columns()));
        long within = offset - part.stored().offset();
        long begin = within / rowBytes;
        int skipped = (int) (within % rowBytes);
        long touched = ((long) skipped + length - 1) / rowBytes + 1;
        long most = Math.max(1, CHUNK_BYTES / source.rowBytes());
        int rows = (int) Math.min(Math.min(touched, most), source.rows() - begin);
        byte[] read = new byte[Math.multiplyExact(rows, source.rowBytes())];
        byte[] made = new byte[Math.multiplyExact(rows, rowBytes)];
        source.read(begin, rows, read);
        convert(source, rows, read, made);
        int count = Math.min(length, made.length - skipped);
        HostMemory.view(address, count).put(made, skipped, count);
        return count;
    }

    private void convert(TensorRows source, int rows, byte[] read, byte[] made) {
        try {
            // rows are whole blocks, so they are one long row
            files.blocks().convert(read, source.type(), 0, rows * source.columns(), made, 0);
        } catch (ArithmeticException e) {
            throw new CheckpointException(
                    "tensor "
                            + source.name()
                            + " cannot be quantised: "
                            + e.getMessage()
                            + "; load without quantize",
                    e);
        }
    }

    @Override
    public FileStamp stamp() throws IOException {
        return files.stamp();
    }

    @Override
    public void close() throws IOException {
        sources.close();
    }
}
