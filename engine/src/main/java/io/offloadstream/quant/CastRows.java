/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.quant;

import io.offloadstream.platform.DType;
import java.io.IOException;

/** The rows of a tensor rounded to another type as they are read. Used by one thread. */
public final class CastRows implements TensorRows {

    private final TensorRows source;
    private final Cast cast;
    private byte[] read = new byte[0];

    /**
     * Views a tensor.
     *
     * @param source of F32, F16 or BF16
     * @param target F32, F16 or BF16
     */
    public CastRows(TensorRows source, DType target) {
        this.source = source;
        this.cast = new Cast(target);
    }

    @Override
    public String name() {
        return source.name();
    }

    @Override
    public DType type() {
        return cast.target();
    }

    @Override
    public long[] shape() {
        return source.shape();
    }

    @Override
    public void read(long begin, int count, byte[] target) throws IOException {
        int needed = Math.multiplyExact(count, source.rowBytes());
        read = read.length < needed ? new byte[needed] : read;
        source.read(begin, count, read);
        try {
            cast.convert(read, source.type(), 0, count * columns(), target, 0);
        } catch (ArithmeticException e) {
            throw RowEncoder.refused(this, type(), e);
        }
    }
}
