/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.engine;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertNotSame;
import static org.testng.Assert.assertSame;
import static org.testng.Assert.assertThrows;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.translate.Batchifier;
import ai.djl.translate.PaddingStackBatchifier;
import ai.djl.translate.SimplePaddingStackBatchifier;
import ai.djl.translate.StackBatchifier;
import java.io.ByteArrayInputStream;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.DoubleBuffer;
import java.nio.ShortBuffer;
import java.util.Arrays;
import org.testng.annotations.DataProvider;
import org.testng.annotations.Test;

/** Arrays go to bytes, batches and other engines, and come back. */
public class ArrayExchangeTest extends ArrayTestCase {

    @DataProvider
    public Object[] encodings() {
        return NDList.Encoding.values();
    }

    @Test(dataProvider = "encodings")
    public void listsSurviveEncoding(NDList.Encoding encoding) {
        NDList list = new NDList(random(DataType.FLOAT32, 2, 3), random(DataType.INT64, 5));
        list.add(random(DataType.INT8, 4, 1));
        list.add(manager.create(new boolean[] {true, false, true}));
        list.add(random(DataType.FLOAT16, 3));
        // large enough for DJL to write it in parts
        list.add(random(DataType.FLOAT64, 3, 50_000));
        for (int i = 0; i < list.size(); i++) {
            list.get(i).setName("array" + i);
        }
        byte[] bytes = list.encode(encoding);
        // the bytes alone must do
        NDList expected = new NDList();
        list.forEach(array -> expected.add(array.duplicate()));
        list.close();
        NDList[] decoded = {
            NDList.decode(manager, bytes), NDList.decode(manager, new ByteArrayInputStream(bytes))
        };
        for (NDList back : decoded) {
            assertEquals(back.size(), expected.size());
            for (NDArray array : expected) {
                assertEquals(back.get(array.getName()), array, array.getName());
            }
        }
    }

    @Test
    public void buffersOfAllKindsAreCopied() {
        ByteBuffer big = ByteBuffer.allocate(8).order(ByteOrder.BIG_ENDIAN);
        big.putInt(7).putInt(-9).rewind();
        assertEquals(
                manager.create(big, new Shape(2), DataType.INT32).toIntArray(), new int[] {7, -9});
        assertEquals(
                manager.create(DoubleBuffer.wrap(new double[] {1.5}), new Shape()).getDataType(),
                DataType.FLOAT64);
        ShortBuffer halves = ShortBuffer.wrap(new short[] {0x3c00, 0x4000});
        assertEquals(
                manager.create(halves, new Shape(2), DataType.FLOAT16).toFloatArray(),
                new float[] {1, 2});
        assertEquals(
                manager.create(new int[] {-1}).toType(DataType.UINT32, true).toUnsignedIntArray(),
                new long[] {(1L << 32) - 1});
        NDArray a = manager.create(new float[][] {{1, 2, 3}, {4, 5, 6}});
        a.set(new float[] {6, 5, 4, 3, 2, 1});
        assertEquals(a.getFloat(1, 0), 3f);
        ByteBuffer copy = a.toByteBuffer();
        a.close();
        assertEquals(copy.getFloat(20), 1f);
    }

    /** What another engine's array shows of itself to us. */
    private static NDArray foreign(DataType type, Shape shape, ByteBuffer bytes) {
        InvocationHandler handler =
                (proxy, method, arguments) -> {
                    switch (method.getName()) {
                        case "getShape" -> {
                            return shape;
                        }
                        case "getDataType" -> {
                            return type;
                        }
                        case "getName" -> {
                            return "input_ids";
                        }
                        case "toByteBuffer" -> {
                            return bytes.duplicate().order(bytes.order());
                        }
                        case "size" -> {
                            return shape.size();
                        }
                        default -> throw new UnsupportedOperationException(method.getName());
                    }
                };
        ClassLoader loader = ArrayExchangeTest.class.getClassLoader();
        return (NDArray) Proxy.newProxyInstance(loader, new Class<?>[] {NDArray.class}, handler);
    }

    @Test
    public void arraysOfAnotherEngineAreTaken() {
        ByteBuffer bytes = ByteBuffer.allocate(24).order(ByteOrder.nativeOrder());
        bytes.putLong(3).putLong(1L << 40).putLong(-5).rewind();
        NDArray other = foreign(DataType.INT64, new Shape(1, 3), bytes);
        OfsNDArray ours = manager.from(other);
        assertNotSame(ours, other);
        assertSame(ours.getManager(), manager);
        assertEquals(ours.getName(), "input_ids");
        assertEquals(ours.toLongArray(), new long[] {3, 1L << 40, -5});
        assertSame(manager.from(ours), ours);
        assertEquals(ours.add(other).toLongArray(), new long[] {6, 1L << 41, -10});
        assertEquals(ours.concat(other, 0).getShape(), new Shape(2, 3));
    }

    @Test
    public void stackedBatchesComeApart() {
        NDList[] inputs = new NDList[3];
        for (int i = 0; i < inputs.length; i++) {
            inputs[i] = new NDList(random(DataType.FLOAT32, 2, 4), random(DataType.INT64));
            inputs[i].get(0).setName("x");
        }
        Batchifier batchifier = new StackBatchifier();
        NDList batch = batchifier.batchify(inputs);
        assertEquals(batch.get(0).getShape(), new Shape(3, 2, 4));
        assertEquals(batch.get(0).getName(), "x");
        NDList[] parts = batchifier.unbatchify(batch);
        assertEquals(parts.length, 3);
        for (int i = 0; i < 3; i++) {
            assertEquals(parts[i], inputs[i]);
        }
        NDList[] slices = batchifier.split(batch, 2, false);
        assertEquals(slices[0].head().getShape(), new Shape(2, 2, 4));
        assertEquals(slices[1].head(), inputs[2].head().expandDims(0));
        inputs[1].set(0, random(DataType.FLOAT32, 2, 5));
        assertThrows(IllegalArgumentException.class, () -> batchifier.batchify(inputs));
    }

    @Test
    public void paddedBatchesComeApart() {
        NDArray a = random(DataType.INT64, 3, 2);
        NDArray b = random(DataType.INT64, 5, 2);
        Batchifier batchifier =
                PaddingStackBatchifier.builder()
                        .optIncludeValidLengths(true)
                        .addPad(0, 0, m -> m.create(new long[] {7, 7}, new Shape(1, 2)))
                        .build();
        NDList batch = batchifier.batchify(new NDList[] {new NDList(a), new NDList(b)});
        assertEquals(batch.head().getShape(), new Shape(2, 5, 2));
        assertEquals(batch.head().get("0, 3:").toLongArray(), new long[] {7, 7, 7, 7});
        NDList[] parts = batchifier.unbatchify(batch);
        assertEquals(parts[0].head(), a);
        assertEquals(parts[1].head(), b);
        NDList simple =
                new SimplePaddingStackBatchifier(9f)
                        .batchify(
                                new NDList[] {
                                    new NDList(random(DataType.FLOAT32, 2, 3)),
                                    new NDList(random(DataType.FLOAT32, 1, 5))
                                });
        assertEquals(simple.head().getShape(), new Shape(2, 2, 5));
        double[] last = Arrays.copyOfRange(values(simple.head()), 15, 20);
        assertEquals(last, new double[] {9, 9, 9, 9, 9});
    }
}
