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
 * Packs BF16 matrices losslessly into two stored tensors, the rows and their escapes ({@link
 * PackedBf16}); writes as it is what cannot be packed or would not shrink. Reads each tensor twice.
 */
public final class LosslessEncoder implements TensorEncoder {

    private static final PlainEncoder PLAIN = new PlainEncoder();

    @Override
    public long mostBytes(TensorRows source) {
        return PLAIN.mostBytes(source);
    }

    @Override
    public void encode(TensorRows source, TensorSink sink) throws IOException {
        LosslessPacker packer = counted(source);
        if (packer == null) {
            PLAIN.encode(source, sink);
            return;
        }
        OutputStream rows = sink.begin("", DType.BF16_PACKED, source.shape());
        ByteBuffer target = ByteBuffer.allocate((int) packedBytes(source, chunkRows(source)));
        inChunks(
                source,
                chunk -> {
                    target.clear();
                    packer.pack(chunk, target);
                    rows.write(target.array(), 0, target.position());
                });
        OutputStream list = sink.begin(PackedBf16.SUFFIX, DType.U8, packer.escapesBytes());
        packer.writeEscapes(part -> list.write(part.array(), part.position(), part.remaining()));
    }

    /** A packer that has counted the tensor, or null if it is not worth its while. */
    private static LosslessPacker counted(TensorRows source) throws IOException {
        if (!LosslessPacker.takes(source.type(), source.shape())) {
            return null;
        }
        LosslessPacker packer = new LosslessPacker(source.shape());
        inChunks(source, packer::count);
        return packer.isWorthwhile() ? packer : null;
    }

    /** Takes whole rows. */
    private interface Chunk {
        void take(ByteBuffer rows) throws IOException;
    }

    private static void inChunks(TensorRows source, Chunk taker) throws IOException {
        int chunkRows = chunkRows(source);
        byte[] chunk = new byte[Math.multiplyExact(chunkRows, source.rowBytes())];
        for (long begin = 0; begin < source.rows(); begin += chunkRows) {
            int count = (int) Math.min(chunkRows, source.rows() - begin);
            source.read(begin, count, chunk);
            taker.take(ByteBuffer.wrap(chunk, 0, count * source.rowBytes()));
        }
    }

    private static int chunkRows(TensorRows source) {
        return (int) Math.min(source.rows(), Math.max(1, CHUNK_BYTES / source.rowBytes()));
    }

    private static long packedBytes(TensorRows source, int rows) {
        return rows * DType.BF16_PACKED.bytes(source.columns());
    }
}
