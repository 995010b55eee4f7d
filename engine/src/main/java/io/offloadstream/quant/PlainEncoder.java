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
        OutputStream target = sink.begin("", source.type(), source.shape());
        int rowBytes = source.rowBytes();
        new RowChunks(source, rowBytes)
                .forEach((rows, count) -> target.write(rows, 0, count * rowBytes));
    }
}
