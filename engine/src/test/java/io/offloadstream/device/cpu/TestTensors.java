/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.device.cpu;

import io.offloadstream.ops.Tensor;
import io.offloadstream.platform.DType;
import io.offloadstream.platform.HostMemory;
import io.offloadstream.platform.MemoryBudget;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Random tensors off the heap, and their values as plain arrays. Closing checks for leaks. */
final class TestTensors implements AutoCloseable {

    private final MemoryBudget budget = MemoryBudget.unlimited("test");
    private final List<HostMemory> memories = new ArrayList<>();
    private final Random random;

    TestTensors(long seed) {
        random = new Random(seed);
    }

    MemoryBudget budget() {
        return budget;
    }

    /** Allocates zeroed memory. */
    HostMemory memory(long sizeBytes) {
        HostMemory memory = HostMemory.allocate(budget, "tensor", sizeBytes);
        memories.add(memory);
        return memory;
    }

    /** Makes a tensor of normal random values, 2 bytes off any larger alignment if 2 bytes wide. */
    Tensor random(DType type, long... shape) {
        Tensor shapeOnly = new Tensor(type, 0, shape);
        long offset = type.sizeBytes();
        long address = memory(shapeOnly.sizeBytes() + offset).address() + offset;
        Tensor tensor = new Tensor(type, address, shape);
        ByteBuffer bytes = HostMemory.view(address, (int) tensor.sizeBytes());
        for (int i = 0; i < tensor.count(); i++) {
            float value = (float) random.nextGaussian();
            switch (type) {
                case F32 -> bytes.putFloat(4 * i, value);
                case BF16 -> bytes.putShort(2 * i, (short) (Float.floatToIntBits(value) >>> 16));
                case F16 -> bytes.putShort(2 * i, randomHalf());
                default -> throw new AssertionError(type);
            }
        }
        return tensor;
    }

    /** Makes a weight of any type that products take; blocks and float8 get random bytes. */
    Tensor weight(DType type, int out, int in) {
        if (type.isComputable()) {
            return random(type, out, in);
        }
        int sizeBytes = Math.toIntExact(out * type.bytes(in));
        long address = memory(sizeBytes + 2).address() + 2;
        byte[] values = new byte[sizeBytes];
        random.nextBytes(values);
        int blockBytes = Math.toIntExact(type.bytes(type.blockElements()));
        for (int i = 0; i < sizeBytes; i++) {
            boolean none = blockBytes == 1 && (values[i] & 0x7f) == 0x7f;
            values[i] = none ? 0 : values[i];
        }
        ByteBuffer bytes = HostMemory.view(address, sizeBytes).put(values);
        for (int at = 0; blockBytes > 1 && at < sizeBytes; at += blockBytes) {
            bytes.putShort(at, (short) (0x2000 + random.nextInt(1 << 10))); // 1/128 to 1/64
        }
        return new Tensor(type, address, out, in);
    }

    /** A float16 between 1/16 and 4, of either sign. */
    private short randomHalf() {
        int exponent = 11 + random.nextInt(6);
        int sign = random.nextInt(2) << 15;
        return (short) (sign | (exponent << 10) | random.nextInt(1 << 10));
    }

    /** Reads a weight of blocks by their definition. */
    private static float block(ByteBuffer bytes, DType type, int i) {
        int block = (int) type.bytes(i);
        int at = i % 32;
        float scale = half(bytes.getShort(block));
        if (type == DType.Q8_0) {
            return scale * bytes.get(block + 2 + at);
        }
        int pair = bytes.get(block + 2 + at % 16) & 255;
        return scale * ((at < 16 ? pair % 16 : pair / 16) - 8);
    }

    private static float float8(int bits) {
        int exponent = bits >> 3 & 15;
        int mantissa = bits & 7;
        float magnitude =
                exponent == 0
                        ? Math.scalb(mantissa / 8f, -6)
                        : Math.scalb(1 + mantissa / 8f, exponent - 7);
        return (bits & 128) == 0 ? magnitude : -magnitude;
    }

    /** Reads a tensor of any type that products take. */
    static float[] values(Tensor tensor) {
        float[] values = new float[(int) tensor.count()];
        if (values.length == 0) {
            return values;
        }
        ByteBuffer bytes = HostMemory.view(tensor.address(), (int) tensor.sizeBytes());
        for (int i = 0; i < values.length; i++) {
            values[i] =
                    switch (tensor.type()) {
                        case F32 -> bytes.getFloat(4 * i);
                        case BF16 -> Float.intBitsToFloat(bytes.getShort(2 * i) << 16);
                        case F16 -> half(bytes.getShort(2 * i));
                        case F8_E4M3 -> float8(bytes.get(i));
                        case Q8_0, Q4_0 -> block(bytes, tensor.type(), i);
                        default -> throw new AssertionError(tensor.type());
                    };
        }
        return values;
    }

    private static float half(short bits) {
        int exponent = (bits >> 10) & 31;
        float magnitude = Math.scalb(1024f + (bits & 1023), exponent - 25);
        return bits < 0 ? -magnitude : magnitude;
    }

    @Override
    public void close() {
        memories.forEach(HostMemory::close);
        budget.close();
    }
}
