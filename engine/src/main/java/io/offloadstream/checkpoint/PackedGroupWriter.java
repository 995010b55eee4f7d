/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.checkpoint;

import io.offloadstream.checkpoint.PackedFormat.Group;
import io.offloadstream.checkpoint.PackedFormat.Tensor;
import io.offloadstream.platform.DType;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.zip.CRC32C;

/**
 * Writes the file of one group, tensor after tensor. Memory does not grow with it. Used by one
 * thread.
 */
public final class PackedGroupWriter implements AutoCloseable {

    private final String name;
    private final Path file;
    private final FileChannel channel;
    private final ChannelOutput output;
    private final CRC32C crc = new CRC32C();
    private final List<Tensor> tensors = new ArrayList<>();
    private long position;
    private ExactOutput open;

    PackedGroupWriter(String name, Path file) throws IOException {
        this.name = name;
        this.file = file;
        channel =
                FileChannel.open(
                        file,
                        StandardOpenOption.CREATE,
                        StandardOpenOption.WRITE,
                        StandardOpenOption.TRUNCATE_EXISTING);
        output = new ChannelOutput(channel);
    }

    /**
     * Begins a tensor and ends the one before it.
     *
     * @param tensor its name in the checkpoint
     * @param type its dtype, possibly of blocks
     * @param shape dimensions, outermost first
     * @return takes exactly its bytes, little-endian and row-major; need not be closed
     * @throws IOException if writing fails
     * @throws IllegalArgumentException if the shape is impossible, or the tensor before it did not
     *     get all of its bytes
     */
    public OutputStream tensor(String tensor, DType type, long... shape) throws IOException {
        endTensor();
        pad(PackedFormat.TENSOR_ALIGNMENT_BYTES);
        long sizeBytes = PackedFormat.sizeBytes(type, shape);
        List<Long> dimensions = Arrays.stream(shape).boxed().toList();
        tensors.add(new Tensor(tensor, type, dimensions, position, sizeBytes));
        open = new ExactOutput(tensor + " " + type + dimensions, sizeBytes, new Summed());
        return open;
    }

    private void endTensor() {
        if (open != null) {
            open.requireComplete();
            open = null;
        }
    }

    private void pad(int unit) throws IOException {
        int rest = (int) (position % unit);
        if (rest > 0) {
            write(new byte[unit - rest], 0, unit - rest);
        }
    }

    private void write(byte[] source, int offset, int length) throws IOException {
        output.write(source, offset, length);
        crc.update(source, offset, length);
        position += length;
    }

    /** Ends the group and forces it to the disk. */
    Group finish() throws IOException {
        endTensor();
        if (tensors.isEmpty()) {
            throw new IllegalArgumentException("group " + name + " got no tensors");
        }
        pad(PackedFormat.GROUP_ALIGNMENT_BYTES);
        channel.force(true);
        String fileName = file.getFileName().toString();
        return new Group(name, fileName, 0, position, (int) crc.getValue(), tensors);
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }

    /** The bytes of tensors, as they go by. */
    private final class Summed extends OutputStream {

        @Override
        public void write(int value) throws IOException {
            write(new byte[] {(byte) value}, 0, 1);
        }

        @Override
        public void write(byte[] source, int offset, int length) throws IOException {
            PackedGroupWriter.this.write(source, offset, length);
        }
    }
}
