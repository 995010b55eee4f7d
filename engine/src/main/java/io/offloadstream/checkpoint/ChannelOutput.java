/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.checkpoint;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;

/** Writes to a channel in pieces of a bounded size. Does not close it. */
final class ChannelOutput extends OutputStream {

    /** A write of the JDK copies its bytes off the heap first, as many as it is given. */
    private static final int CHUNK_BYTES = 1 << 20;

    private final FileChannel channel;

    ChannelOutput(FileChannel channel) {
        this.channel = channel;
    }

    @Override
    public void write(int value) throws IOException {
        write(new byte[] {(byte) value}, 0, 1);
    }

    @Override
    public void write(byte[] source, int offset, int length) throws IOException {
        int done = 0;
        while (done < length) {
            int chunk = Math.min(CHUNK_BYTES, length - done);
            done += channel.write(ByteBuffer.wrap(source, offset + done, chunk));
        }
    }
}
