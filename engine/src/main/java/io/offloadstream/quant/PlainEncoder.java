/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.quant;

import java.io.IOException;
import java.io.OutputStream;

/** Writes a tensor as it is. */
public final class PlainEncoder implements TensorEncoder {

    @Override
    public long mostBytes(TensorRows source) {
        return Math.multiplyExact(source.rows(), (long) source.rowBytes());
    }

    @Override
    public void encode(TensorRows source, TensorSink sink) throws IOException {
        int rowBytes = source.rowBytes();
        int chunkRows = (int) Math.min(source.rows(), Math.max(1, CHUNK_BYTES / Math.max(1, rowBytes)));
        byte[] chunk = new byte[Math.multiplyExact(chunkRows, rowBytes)];
        OutputStream target = sink.begin("", source.type(), source.shape());
        for (long begin = 0; begin < source.rows(); begin += chunkRows) {
            int count = (int) Math.min(chunkRows, source.rows() - begin);
            source.read(begin, count, chunk);
            target.write(chunk, 0, count * rowBytes);
        }
    }
}
