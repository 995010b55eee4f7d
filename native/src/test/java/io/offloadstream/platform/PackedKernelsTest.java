/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertNull;
import static org.testng.Assert.assertTrue;

import java.util.concurrent.atomic.AtomicReference;
import org.testng.annotations.DataProvider;
import org.testng.annotations.Test;

/** Losslessly packed weights give bit for bit what the same weights give as BF16. */
public class PackedKernelsTest {

    private static final int[] COLUMNS = {32, 64, 96, 160, 512, 1056};
    private static final int[] ROWS = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 25};

    /** One odd weight in so many: several in a block, one in some rows, hardly any. */
    private static final int[] ODD = {4, 60, 700, 1 << 30};

    /** What a thread has that was made with little, some of it for the JVM. */
    private static final long STACK_BYTES = 192 * 1024;

    private final ReferenceKernels reference = new ReferenceKernels();

    @DataProvider
    Object[][] instructionSets() {
        return KernelData.everyInstructionSet();
    }

    private static int one(KernelData data, int[] values) {
        return values[data.random.nextInt(values.length)];
    }

    private static void multiply(
            Kernels kernels, boolean packed, Product p, long y, int begin, int end) {
        if (packed) {
            kernels.linearPacked(
                    p.x,
                    p.rows,
                    p.weight.columns,
                    p.weight.row(p.first),
                    p.weight.escapes,
                    p.first,
                    p.bias,
                    DType.BF16.code(),
                    y,
                    p.stride,
                    begin,
                    end);
        } else {
            kernels.linear(
                    p.x,
                    p.rows,
                    p.weight.columns,
                    p.weight.plain + 2L * p.first * p.weight.columns,
                    DType.BF16.code(),
                    p.bias,
                    DType.BF16.code(),
                    y,
                    p.stride,
                    begin,
                    end);
        }
    }

    /** A product with a part of a random table. */
    private static final class Product {
        final KernelData data;
        final PackedData weight;
        final int first;
        final int out;
        final int rows;
        final long x;
        final long bias;
        final int stride;

        Product(KernelData data, boolean finite) {
            this(data, 1 + data.random.nextInt(90), one(data, COLUMNS), finite, one(data, ROWS));
        }

        Product(KernelData data, int tableRows, int columns, boolean finite, int rows) {
            this.data = data;
            weight = new PackedData(data, tableRows, columns, one(data, ODD), finite);
            first = data.random.nextInt(tableRows);
            out = tableRows - first;
            this.rows = rows;
            x = data.floats(rows * weight.columns, DType.F32, 4 * data.random.nextInt(4));
            bias = data.random.nextBoolean() ? data.floats(out, DType.BF16, 1) : 0;
            stride = out + data.random.nextInt(3);
        }

        /** Room for some rows more than are asked for, which are to be left alone. */
        long result() {
            return data.floats(size());
        }

        int size() {
            return (rows + 4) * stride;
        }

        @Override
        public String toString() {
            return rows + "x" + weight.columns + "x" + out + " from row " + first;
        }
    }

    @Test(dataProvider = "instructionSets")
    public void productsHaveTheBitsOfBf16(String instructionSet) {
        Kernels kernels = KernelData.kernels(instructionSet);
        int escapes = 0;
        for (int round = 0; round < 300; round++) {
            try (KernelData data = new KernelData(round)) {
                Product p = new Product(data, round % 3 != 0);
                escapes += p.weight.escapeCount;
                int begin = data.random.nextInt(p.out);
                int end = begin + data.random.nextInt(p.out - begin + 1);
                long actual = p.result();
                long expected = p.result();
                KernelData.copy(actual, expected, p.size());
                multiply(kernels, true, p, actual, begin, end);
                multiply(kernels, false, p, expected, begin, end);
                String what = instructionSet + " " + p + " " + begin + ".." + end;
                data.assertSameSums(actual, expected, p.size(), what);
            }
        }
        assertTrue(escapes > 1000, "escapes: " + escapes);
    }

    /** Rows of which few fit where they are unpacked, or only a part of a few. */
    @Test(dataProvider = "instructionSets")
    public void longRowsHaveTheBitsOfBf16(String instructionSet) {
        Kernels kernels = KernelData.kernels(instructionSet);
        for (int columns : new int[] {8_192, 10_912, 16_416, 70_016}) {
            for (int rows : new int[] {3, 12, columns < 20_000 ? 131 : 9}) {
                try (KernelData data = new KernelData(columns + rows)) {
                    Product p = new Product(data, 1 + data.random.nextInt(7), columns, true, rows);
                    compareWithBf16(kernels, p);
                }
            }
        }
    }

    private static void compareWithBf16(Kernels kernels, Product p) {
        long actual = p.result();
        long expected = p.result();
        KernelData.copy(actual, expected, p.size());
        multiply(kernels, true, p, actual, 0, p.out);
        multiply(kernels, false, p, expected, 0, p.out);
        p.data.assertSameSums(actual, expected, p.size(), kernels.name() + " " + p);
    }

    /**
     * Callers bring their stack, and one that overflows in a kernel ends the process: so does this
     * test where a kernel needs more than it should.
     */
    @Test(dataProvider = "instructionSets")
    public void aSmallStackIsEnough(String instructionSet) throws InterruptedException {
        Kernels kernels = KernelData.kernels(instructionSet);
        for (int columns : new int[] {2_048, 16_416}) {
            try (KernelData data = new KernelData(columns)) {
                Product p = new Product(data, 7, columns, true, 12);
                AtomicReference<Throwable> failure = new AtomicReference<>();
                Thread small =
                        new Thread(null, () -> compareWithBf16(kernels, p), "small", STACK_BYTES);
                small.setUncaughtExceptionHandler((thread, thrown) -> failure.set(thrown));
                small.start();
                small.join();
                assertNull(failure.get());
            }
        }
    }

    @Test
    public void theReferenceHasTheBitsOfBf16() {
        for (int round = 0; round < 60; round++) {
            try (KernelData data = new KernelData(round)) {
                compareWithBf16(reference, new Product(data, false));
            }
        }
    }

    /** What is gathered is compared with what was stored, so every value counts, NaN too. */
    @Test(dataProvider = "instructionSets")
    public void everyValueIsGathered(String instructionSet) {
        Kernels kernels = KernelData.kernels(instructionSet);
        for (int round = 0; round < 40; round++) {
            try (KernelData data = new KernelData(round)) {
                int rows = 1 + data.random.nextInt(40);
                PackedData table =
                        new PackedData(data, rows, one(data, COLUMNS), one(data, ODD), false);
                int count = 1 + data.random.nextInt(9);
                long[] addresses = new long[count];
                long[] numbers = new long[count];
                long expected = data.zeros(4L * count * table.columns, 0);
                for (int i = 0; i < count; i++) {
                    int row = data.random.nextInt(rows);
                    numbers[i] = row;
                    addresses[i] = table.row(row);
                    widen(table, row, expected + 4L * i * table.columns);
                }
                for (Kernels each : new Kernels[] {kernels, reference}) {
                    long actual = data.floats(count * table.columns);
                    each.gatherPacked(
                            data.longs(addresses),
                            data.longs(numbers),
                            table.escapes,
                            count,
                            table.columns,
                            actual);
                    String what = each.name() + " gather";
                    data.assertSameBits(actual, expected, count * table.columns, what);
                }
            }
        }
    }

    private static void widen(PackedData table, int row, long target) {
        long source = table.plain + 2L * row * table.columns;
        var plain = HostMemory.view(source, 2 * table.columns).asShortBuffer();
        var bits = HostMemory.view(target, 4 * table.columns).asIntBuffer();
        for (int i = 0; i < table.columns; i++) {
            bits.put(i, plain.get(i) << 16);
        }
    }

    /** Nothing is read before the first row of the part, nor behind the last one. */
    @Test(dataProvider = "instructionSets")
    public void aRowDecodesAlone(String instructionSet) {
        Kernels kernels = KernelData.kernels(instructionSet);
        try (KernelData data = new KernelData(9)) {
            PackedData table = new PackedData(data, 12, 64, 8, true);
            long x = data.floats(64);
            for (int row = 0; row < table.rows; row++) {
                long alone = data.zeros(DType.BF16_PACKED.bytes(64), 1);
                HostMemory.view(alone, 96).put(HostMemory.view(table.row(row), 96));
                long actual = data.zeros(4, 0);
                long expected = data.zeros(4, 0);
                kernels.linearPacked(x, 1, 64, alone, table.escapes, row, 0, 0, actual, 1, 0, 1);
                long plain = table.plain + 128L * row;
                kernels.linear(x, 1, 64, plain, DType.BF16.code(), 0, 0, expected, 1, 0, 1);
                data.assertSameBits(actual, expected, 1, "row " + row);
            }
        }
    }

    /** One block, byte by byte. */
    @Test
    public void aBlockHasTheDocumentedLayout() {
        try (KernelData data = new KernelData(3)) {
            byte[] block = new byte[48];
            block[4 + 1] = 0x20; // columns 9 (code 0) and 13 (code 2)
            block[16 + 4 + 1] = 0x11;
            block[32 + 4 + 1] = (byte) 0x80;
            block[15] = (byte) 0xf1; // columns 27 (code 1) and 31, an escape
            block[16 + 15] = 0x34;
            block[32 + 15] = 0x56;
            byte[] escapes = new byte[28];
            escapes[0] = 0x3f;
            escapes[1] = (byte) 0xbf;
            escapes[2] = 0x40;
            escapes[16] = 24;
            escapes[20] = 28;
            escapes[24] = 0x12;
            escapes[25] = 31;
            short[] row = new short[32];
            PackedBf16.load(data.bytes(block), data.bytes(escapes), 0, row, 32);
            assertEquals(row[0], 0x3f00);
            assertEquals(row[9], 0x3f11);
            assertEquals(row[13], 0x4080);
            assertEquals(row[27], (short) 0xbf34);
            assertEquals(row[31], 0x1256);
        }
    }
}
