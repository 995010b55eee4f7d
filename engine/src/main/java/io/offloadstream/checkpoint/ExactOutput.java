/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.checkpoint;

import java.io.IOException;
import java.io.OutputStream;

/** Passes on exactly the bytes of one tensor. */
final class ExactOutput extends OutputStream {

    private final String tensor;
    private final long sizeBytes;
    private final OutputStream target;
    private long left;

    ExactOutput(String tensor, long sizeBytes, OutputStream target) {
        this.tensor = tensor;
        this.sizeBytes = sizeBytes;
        this.target = target;
        this.left = sizeBytes;
    }

    @Override
    public void write(int value) throws IOException {
        write(new byte[] {(byte) value}, 0, 1);
    }

    @Override
    public void write(byte[] source, int offset, int length) throws IOException {
        if (length > left) {
            throw new IllegalArgumentException(
                    tensor + " got more than its " + sizeBytes + " bytes");
        }
        target.write(source, offset, length);
        left -= length;
    }

    void requireComplete() {
        if (left != 0) {
            throw new IllegalArgumentException(
                    tensor + " got " + left + " bytes less than its " + sizeBytes);
        }
    }
}
