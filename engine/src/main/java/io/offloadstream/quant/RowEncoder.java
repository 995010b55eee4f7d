/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.quant;

import io.offloadstream.checkpoint.CheckpointException;
import io.offloadstream.platform.DType;
import io.offloadstream.platform.WorkerPool;
import java.io.IOException;
import java.io.OutputStream;

/** Writes a tensor row by row in another type, rows spread over threads. */
public final class RowEncoder implements TensorEncoder {

    private final RowConversion conversion;
    private final WorkerPool pool;

    private RowEncoder(RowConversion conversion, WorkerPool pool) {
        this.conversion = conversion;
        this.pool = pool;
    }

    /**
     * Makes an encoder to a type of elements or of blocks.
     *
     * @param target F32, F16, BF16, Q8_0 or Q4_0
     * @param pool what computes
     * @return the encoder of tensors of F32, F16 or BF16, with rows of whole blocks of the target
     * @throws IllegalArgumentException for another type
     */
    public static RowEncoder to(DType target, WorkerPool pool) {
        return new RowEncoder(
                target.blockElements() == 1 ? new Cast(target) : new Blocks(target), pool);
    }

    @Override
    public long mostBytes(TensorRows source) {
        return Math.multiplyExact(source.rows(), conversion.target().bytes(source.columns()));
    }

    @Override
    public void encode(TensorRows source, TensorSink sink) throws IOException {
        DType target = conversion.target();
        int columns = source.columns();
        if (columns % target.blockElements() != 0) {
            throw new IllegalArgumentException(
                    source.name() + ": rows of " + columns + " are no whole blocks of " + target);
        }
        int from = source.rowBytes();
        int to = Math.toIntExact(target.bytes(columns));
        OutputStream stored = sink.begin("", target, source.shape());
        if (columns == 0 || source.rows() == 0) {
            return;
        }
        RowChunks chunks = new RowChunks(source, Math.max(from, to));
        byte[] made = new byte[Math.multiplyExact(chunks.mostRows(), to)];
        chunks.forEach(
                (rows, count) -> {
                    convert(source, count, rows, made);
                    stored.write(made, 0, count * to);
                });
    }

    private void convert(TensorRows source, int count, byte[] read, byte[] made) {
        int columns = source.columns();
        int from = source.rowBytes();
        int to = Math.toIntExact(conversion.target().bytes(columns));
        try {
            pool.run(
                    count,
                    1,
                    (begin, end) -> {
                        for (int row = (int) begin; row < end; row++) {
                            conversion.convert(
                                    read, source.type(), row * from, columns, made, row * to);
                        }
                    });
        } catch (ArithmeticException e) {
            throw refused(source, conversion.target(), e);
        }
    }

    /** Makes the exception for a value that a type does not have. */
    static CheckpointException refused(TensorRows source, DType target, ArithmeticException e) {
        return new CheckpointException(
                "tensor "
                        + source.name()
                        + " cannot be written as "
                        + target
                        + ": "
                        + e.getMessage()
                        + "; choose another type",
                e);
    }
}
