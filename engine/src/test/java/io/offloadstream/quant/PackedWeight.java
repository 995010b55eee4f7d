/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.quant;

import io.offloadstream.platform.HalfFloat;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Random;

/** A random BF16 weight with some escapes, as it is and losslessly packed: (rows, columns). */
public final class PackedWeight {

    public final int rows;
    public final int columns;
    public final byte[] plain;
    public final byte[] packed;
    public final byte[] escapes;
    public final long escapeCount;

    /**
     * Packs normally distributed weights, one in 150 of which is much smaller.
     *
     * @param random gives them
     * @param rows of the weight
     * @param columns of the weight, a multiple of 32
     */
    public PackedWeight(Random random, int rows, int columns) {
        this.rows = rows;
        this.columns = columns;
        plain = new byte[2 * rows * columns];
        ByteBuffer bytes = ByteBuffer.wrap(plain).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < rows * columns; i++) {
            double size = random.nextInt(150) == 0 ? Math.pow(2, -20 - random.nextInt(60)) : 1;
            bytes.putShort(HalfFloat.toBf16((float) (random.nextGaussian() * size)));
        }
        LosslessPacker packer = new LosslessPacker(new long[] {rows, columns});
        packer.count(ByteBuffer.wrap(plain));
        packed = new byte[(int) packer.packedBytes()];
        escapes = new byte[(int) packer.escapesBytes()];
        escapeCount = packer.escapeCount();
        packer.pack(ByteBuffer.wrap(plain), ByteBuffer.wrap(packed));
        try {
            packer.writeEscapes(ByteBuffer.wrap(escapes)::put);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
