/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertTrue;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.testng.SkipException;

/** Memory with random content for kernel tests, and the comparisons that they make. */
final class KernelData implements AutoCloseable {

    private final MemoryBudget budget = MemoryBudget.unlimited("test");
    private final List<HostMemory> ranges = new ArrayList<>();
    final Random random;
    final String seed;

    KernelData(long seed) {
        this.random = new Random(seed);
        this.seed = "seed " + seed + ": ";
    }

    /**
     * The kernels of every instruction set of this machine.
     *
     * @throws SkipException where the native library was not built
     */
    static Object[][] everyInstructionSet() {
        try {
            KernelLibrary.load(KernelLibrary.NAME);
        } catch (OffloadStreamException e) {
            throw new SkipException(e.getMessage(), e);
        }
        return KernelLibrary.instructionSets().stream()
                .map(name -> new Object[] {name})
                .toArray(Object[][]::new);
    }

    static Kernels kernels(String instructionSet) {
        return NativeKernels.open(KernelLibrary.NAME, instructionSet);
    }

    /** Zeros, {@code misalignment} bytes past a page boundary, with a page of guard behind. */
    long zeros(long sizeBytes, int misalignment) {
        HostMemory memory = HostMemory.allocate(budget, "test", sizeBytes + 64);
        ranges.add(memory);
        return memory.address() + misalignment;
    }

    long floats(int count) {
        return floats(count, DType.F32, 0);
    }

    /** Normally distributed values, stored as type. */
    long floats(int count, DType type, int misalignment) {
        long address = zeros((long) count * type.sizeBytes(), misalignment);
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) random.nextGaussian();
        }
        FloatRows.store(values, 0, address, type.code(), count);
        return address;
    }

    /**
     * Rows of blocks of random bytes, with scales of any sign that make their elements 2 at most.
     */
    long blocks(int rows, int in, DType type, int misalignment) {
        int sizeBytes = Math.toIntExact(rows * type.bytes(in));
        byte[] values = new byte[sizeBytes];
        random.nextBytes(values);
        long address = zeros(sizeBytes, misalignment);
        ByteBuffer target = HostMemory.view(address, sizeBytes);
        target.put(values);
        float most = type == DType.Q8_0 ? 2f / 128 : 2f / 8;
        int blockBytes = Math.toIntExact(type.bytes(type.blockElements()));
        for (int at = 0; at < sizeBytes; at += blockBytes) {
            float scale = most * random.nextFloat();
            target.putShort(at, HalfFloat.toF16(random.nextBoolean() ? scale : -scale));
        }
        return address;
    }

    /** Random bytes, none of them NaN as float8. */
    long float8(int count, int misalignment) {
        byte[] values = new byte[count];
        for (int i = 0; i < count; i++) {
            int bits = random.nextInt(256);
            values[i] = (byte) ((bits & 0x7f) == 0x7f ? 0 : bits);
        }
        long address = zeros(count, misalignment);
        HostMemory.view(address, count).put(values);
        return address;
    }

    long longs(long... values) {
        long address = zeros(8L * values.length, 0);
        HostMemory.view(address, 8 * values.length).asLongBuffer().put(values);
        return address;
    }

    long ints(int... values) {
        long address = zeros(4L * values.length, 0);
        HostMemory.view(address, 4 * values.length).asIntBuffer().put(values);
        return address;
    }

    long bytes(byte... values) {
        long address = zeros(values.length, 0);
        HostMemory.view(address, values.length).put(values);
        return address;
    }

    static float[] read(long address, int count) {
        float[] values = new float[count];
        FloatRows.load(address, values, count);
        return values;
    }

    static void copy(long from, long to, int count) {
        FloatRows.store(read(from, count), to, count);
    }

    static byte[] readBytes(long address, int count) {
        byte[] values = new byte[count];
        ByteBuffer bytes = HostMemory.view(address, count);
        bytes.get(values);
        return values;
    }

    /** Every element within {@code tolerance}. */
    void assertClose(long actual, long expected, int count, float tolerance, String what) {
        float[] a = read(actual, count);
        float[] e = read(expected, count);
        for (int i = 0; i < count; i++) {
            assertTrue(
                    Math.abs(a[i] - e[i]) <= tolerance,
                    seed + what + ", element " + i + ": " + a[i] + " for " + e[i]);
        }
    }

    /** Every element within {@code tolerance} of itself. */
    void assertEachClose(long actual, long expected, int count, float tolerance, String what) {
        float[] a = read(actual, count);
        float[] e = read(expected, count);
        for (int i = 0; i < count; i++) {
            assertTrue(
                    Math.abs(a[i] - e[i]) <= tolerance * Math.abs(e[i]) + Float.MIN_NORMAL,
                    seed + what + ", element " + i + ": " + a[i] + " for " + e[i]);
        }
    }

    /** The same numbers: a zero may have either sign. */
    void assertSameValues(long actual, long expected, int count, String what) {
        float[] a = read(actual, count);
        float[] e = read(expected, count);
        for (int i = 0; i < count; i++) {
            assertTrue(a[i] == e[i], seed + what + ", element " + i + ": " + a[i] + " for " + e[i]);
        }
    }

    void assertSameBits(long actual, long expected, int count, String what) {
        int[] a = bits(actual, count);
        int[] e = bits(expected, count);
        int i = Arrays.mismatch(a, e);
        assertEquals(i, -1, seed + what + ", first different element");
    }

    /**
     * The same, but any NaN for a NaN: IEEE 754 leaves open which of several an operation returns,
     * and compilers swap operands.
     */
    void assertSameSums(long actual, long expected, int count, String what) {
        int[] a = Arrays.stream(bits(actual, count)).map(KernelData::oneNan).toArray();
        int[] e = Arrays.stream(bits(expected, count)).map(KernelData::oneNan).toArray();
        int i = Arrays.mismatch(a, e);
        assertEquals(i, -1, seed + what + ", first different element");
    }

    private static int oneNan(int bits) {
        return Float.floatToIntBits(Float.intBitsToFloat(bits));
    }

    private static int[] bits(long address, int count) {
        int[] values = new int[count];
        HostMemory.view(address, 4 * count).asIntBuffer().get(values);
        return values;
    }

    @Override
    public void close() {
        ranges.forEach(HostMemory::close);
        budget.close();
    }
}
