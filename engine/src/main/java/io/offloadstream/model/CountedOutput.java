/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.model;

import java.io.IOException;
import java.io.OutputStream;
import java.util.function.LongConsumer;

/** Tells how much goes by. Does not close what it writes to. */
final class CountedOutput extends OutputStream {

    private final OutputStream target;
    private final LongConsumer written;

    CountedOutput(OutputStream target, LongConsumer written) {
        this.target = target;
        this.written = written;
    }

    @Override
    public void write(int value) throws IOException {
        target.write(value);
        written.accept(1);
    }

    @Override
    public void write(byte[] source, int offset, int length) throws IOException {
        target.write(source, offset, length);
        written.accept(length);
    }
}
