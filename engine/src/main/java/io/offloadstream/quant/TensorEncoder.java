/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.quant;

import java.io.IOException;

/**
 * Writes a tensor in another way, or as it is. Memory does not grow with the tensor, but for what
 * {@link LosslessEncoder} says.
 */
public interface TensorEncoder {

    /**
     * Changes when an encoder makes other bytes of the same tensor: a conversion that was begun by
     * another version of the program is not gone on with.
     */
    int VERSION = 1;

    /** What is read, and what is made of it, at a time: less, where a row is longer. */
    int CHUNK_BYTES = 4 << 20;

    /**
     * Returns how much the tensor may take.
     *
     * @param source the tensor
     * @return bytes, an upper bound
     */
    long mostBytes(TensorRows source);

    /**
     * Encodes a tensor.
     *
     * @param source the tensor
     * @param sink takes what comes of it
     * @throws IOException if reading or writing fails
     * @throws io.offloadstream.checkpoint.CheckpointException if it has values that cannot be
     *     written so; the message names it
     */
    void encode(TensorRows source, TensorSink sink) throws IOException;
}
