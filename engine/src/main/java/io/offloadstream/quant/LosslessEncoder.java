/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.quant;

import io.offloadstream.platform.DType;
import io.offloadstream.platform.PackedBf16;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;

/**
 * Packs a BF16 matrix without loss, to {@link DType#BF16_PACKED} and its escapes, read twice. What
 * does not become smaller is written as it is.
 */
public final class LosslessEncoder implements TensorEncoder {

    private final PlainEncoder plain = new PlainEncoder();

    @Override
    public long mostBytes(TensorRows source) {
        return plain.mostBytes(source);
    }

    @Override
    public void encode(TensorRows source, TensorSink sink) throws IOException {
        if (!LosslessPacker.takes(source.type(), source.shape())) {
            plain.encode(source, sink);
            return;
        }
        LosslessPacker packer = new LosslessPacker(source.shape());
        int rowBytes = source.rowBytes();
        RowChunks chunks = new RowChunks(source, rowBytes);
        chunks.forEach((rows, count) -> packer.count(ByteBuffer.wrap(rows, 0, count * rowBytes)));
        if (!packer.isWorthwhile()) {
            plain.encode(source, sink);
            return;
        }
        int packedBytes = Math.toIntExact(DType.BF16_PACKED.bytes(source.columns()));
        byte[] packed = new byte[chunks.mostRows() * packedBytes];
        OutputStream target = sink.begin("", DType.BF16_PACKED, source.shape());
        chunks.forEach(
                (rows, count) -> {
                    ByteBuffer plainRows = ByteBuffer.wrap(rows, 0, count * rowBytes);
                    packer.pack(plainRows, ByteBuffer.wrap(packed));
                    target.write(packed, 0, count * packedBytes);
                });
        OutputStream escapes = sink.begin(PackedBf16.SUFFIX, DType.U8, packer.escapesBytes());
        packer.writeEscapes(
                part -> {
                    byte[] bytes = new byte[part.remaining()];
                    part.get(bytes);
                    escapes.write(bytes);
                });
    }
}
