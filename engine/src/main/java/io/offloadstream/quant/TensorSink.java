/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.quant;

import io.offloadstream.platform.DType;
import java.io.IOException;
import java.io.OutputStream;

/** Takes what an encoder makes of a tensor: one stored tensor, or several. */
@FunctionalInterface
public interface TensorSink {

    /**
     * Begins a stored tensor; the one before it has got all its bytes.
     *
     * @param suffix what its name has behind that of the source: nothing, for the first
     * @param type its dtype
     * @param shape dimensions, outermost first
     * @return takes exactly its bytes, little-endian; need not be closed
     * @throws IOException if writing fails
     */
    OutputStream begin(String suffix, DType type, long... shape) throws IOException;
}
