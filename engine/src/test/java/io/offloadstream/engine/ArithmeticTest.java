/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.engine;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertFalse;
import static org.testng.Assert.assertSame;
import static org.testng.Assert.assertThrows;
import static org.testng.Assert.assertTrue;
import static org.testng.Assert.expectThrows;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.util.function.BiFunction;
import java.util.function.DoubleBinaryOperator;
import java.util.function.DoubleUnaryOperator;
import java.util.function.UnaryOperator;
import org.testng.annotations.DataProvider;
import org.testng.annotations.Test;

public class ArithmeticTest extends ArrayTestCase {

    private record Binary(
            String name,
            BiFunction<NDArray, NDArray, NDArray> array,
            DoubleBinaryOperator expected) {
        @Override
        public String toString() {
            return name;
        }
    }

    @DataProvider
    public Object[][] binaries() {
        Binary[] binaries = {
            new Binary("add", NDArray::add, (a, b) -> a + b),
            new Binary("sub", NDArray::sub, (a, b) -> a - b),
            new Binary("mul", NDArray::mul, (a, b) -> a * b),
            new Binary("div", NDArray::div, (a, b) -> a / b),
            new Binary("mod", NDArray::mod, (a, b) -> a - b * Math.floor(a / b)),
            new Binary("maximum", NDArray::maximum, Math::max),
            new Binary("minimum", NDArray::minimum, Math::min),
            new Binary("eq", NDArray::eq, (a, b) -> a == b ? 1 : 0),
            new Binary("neq", NDArray::neq, (a, b) -> a != b ? 1 : 0),
            new Binary("gt", NDArray::gt, (a, b) -> a > b ? 1 : 0),
            new Binary("gte", NDArray::gte, (a, b) -> a >= b ? 1 : 0),
            new Binary("lt", NDArray::lt, (a, b) -> a < b ? 1 : 0),
            new Binary("lte", NDArray::lte, (a, b) -> a <= b ? 1 : 0),
            new Binary("and", NDArray::logicalAnd, (a, b) -> a != 0 && b != 0 ? 1 : 0),
            new Binary("or", NDArray::logicalOr, (a, b) -> a != 0 || b != 0 ? 1 : 0),
            new Binary("xor", NDArray::logicalXor, (a, b) -> a != 0 ^ b != 0 ? 1 : 0),
            new Binary("addi", (a, b) -> a.duplicate().addi(b), (a, b) -> a + b),
            new Binary("subi", (a, b) -> a.duplicate().subi(b), (a, b) -> a - b),
            new Binary("muli", (a, b) -> a.duplicate().muli(b), (a, b) -> a * b)
        };
        DataType[] types = {
            DataType.FLOAT32,
            DataType.FLOAT64,
            DataType.INT64,
            DataType.INT32,
            DataType.INT16,
            DataType.INT8
        };
        Object[][] cases = new Object[binaries.length * types.length][];
        for (int i = 0; i < cases.length; i++) {
            cases[i] = new Object[] {binaries[i % binaries.length], types[i / binaries.length]};
        }
        return cases;
    }

    @Test(dataProvider = "binaries")
    public void operandsBroadcast(Binary operation, DataType type) {
        OfsNDArray a = random(type, 2, 3, 4);
        OfsNDArray b = random(type, 3, 1);
        // a divisor of 0 is another test's
        b.set(b.eq(0), 3);
        double[] left = values(a);
        double[] right = values(b);
        NDArray result = operation.array().apply(a, b);
        assertEquals(result.getShape(), new Shape(2, 3, 4));
        double[] actual = values(result);
        for (int i = 0; i < actual.length; i++) {
            double expected = operation.expected().applyAsDouble(left[i], right[i / 4 % 3]);
            boolean single = result.getDataType() == DataType.FLOAT32;
            assertEquals(actual[i], single ? (float) expected : expected, operation.name());
        }
    }

    @Test
    public void bothOperandsBroadcast() {
        OfsNDArray a = random(DataType.FLOAT32, 3, 1, 2);
        OfsNDArray b = random(DataType.FLOAT32, 4, 1);
        NDArray sum = a.add(b);
        assertEquals(sum.getShape(), new Shape(3, 4, 2));
        for (int i = 0; i < 24; i++) {
            double expected = values(a)[i / 8 * 2 + i % 2] + values(b)[i / 2 % 4];
            assertEquals(values(sum)[i], expected);
        }
        assertThrows(IllegalArgumentException.class, () -> a.add(random(DataType.FLOAT32, 2, 3)));
        assertThrows(IllegalArgumentException.class, () -> random(DataType.FLOAT32, 2).addi(a));
    }

    @Test
    public void longIntegersAreExact() {
        long large = (1L << 62) + 1;
        NDArray a = manager.create(new long[] {large, 7});
        assertEquals(a.add(1).toLongArray(), new long[] {large + 1, 8});
        assertEquals(a.subi(manager.create(new long[] {1, 7})).toLongArray()[0], large - 1);
        assertEquals(a.gt(manager.create(large - 2)).toBooleanArray(), new boolean[] {true, false});
        assertEquals(manager.create(new long[] {3}).pow(3).toLongArray(), new long[] {27});
        assertEquals(manager.create(new long[] {large}).max().toLongArray(), new long[] {large});
    }

    @Test
    public void resultTypesFollowPyTorch() {
        NDArray ints = random(DataType.INT64, 3, 2);
        NDArray floats = random(DataType.FLOAT32, 3, 2);
        assertEquals(ints.add(1).getDataType(), DataType.INT64);
        assertEquals(ints.add(1.5f).getDataType(), DataType.FLOAT32);
        assertEquals(ints.div(2).getDataType(), DataType.FLOAT32);
        assertEquals(ints.add(floats).getDataType(), DataType.FLOAT32);
        assertEquals(floats.add(1.5d).getDataType(), DataType.FLOAT32);
        assertEquals(ints.add(random(DataType.INT8, 2)).getDataType(), DataType.INT64);
        assertEquals(ints.eq(3).getDataType(), DataType.BOOLEAN);
        assertEquals(
                random(DataType.FLOAT16, 2).add(random(DataType.BFLOAT16, 2)).getDataType(),
                DataType.FLOAT32);
        NDArray bytes = manager.create(new Shape(2), DataType.UINT8);
        assertEquals(bytes.add(random(DataType.INT8, 2)).getDataType(), DataType.INT16);
    }

    @Test
    public void inPlaceKeepsArrayAndType() {
        OfsNDArray ints = random(DataType.INT64, 3, 2);
        double[] before = values(ints);
        assertSame(ints.addi(2), ints);
        assertEquals(values(ints)[5], before[5] + 2);
        IllegalArgumentException e =
                expectThrows(IllegalArgumentException.class, () -> ints.divi(2));
        assertTrue(e.getMessage().contains("float32"), e.getMessage());
        OfsNDArray floats = random(DataType.FLOAT32, 3, 2);
        double[] old = values(floats);
        floats.divi(ints.eq(ints)).muli(1 - 0.6f);
        assertEquals(values(floats)[3], (double) ((float) old[3] * (1 - 0.6f)));
        NDArray b = manager.create(new float[] {8, 4});
        assertSame(b.getNDArrayInternal().rdivi(manager.create(new int[] {2, 2})), b);
        assertEquals(b.toFloatArray(), new float[] {0.25f, 0.5f});
    }

    @Test
    public void modulusHasTheSignOfTheDivisor() {
        NDArray a = manager.create(new int[] {-7, 7, -7});
        assertEquals(
                a.mod(manager.create(new int[] {3, -3, -3})).toIntArray(), new int[] {2, -2, -1});
        NDArray x = manager.create(new float[] {-7.5f});
        assertEquals(x.mod(2).toFloatArray(), new float[] {0.5f});
    }

    private record Unary(String name, UnaryOperator<NDArray> array, DoubleUnaryOperator expected) {}

    @Test
    public void functionsOfOneElement() {
        OfsNDArray a = random(DataType.FLOAT32, 2, 7);
        Unary[] unaries = {
            new Unary("exp", NDArray::exp, Math::exp),
            new Unary("log", NDArray::log, Math::log),
            new Unary("sqrt", NDArray::sqrt, Math::sqrt),
            new Unary("abs", NDArray::abs, Math::abs),
            new Unary("neg", NDArray::neg, x -> -x),
            new Unary("square", NDArray::square, x -> x * x),
            new Unary("floor", NDArray::floor, Math::floor),
            new Unary("ceil", NDArray::ceil, Math::ceil),
            new Unary("round", NDArray::round, Math::rint),
            new Unary("trunc", NDArray::trunc, x -> (long) x),
            new Unary("sign", NDArray::sign, Math::signum),
            new Unary("tanh", NDArray::tanh, Math::tanh),
            new Unary("clip", x -> x.clip(-1, 2.5), x -> Math.min(Math.max(x, -1), 2.5)),
            new Unary("relu", x -> x.getNDArrayInternal().relu(), x -> Math.max(x, 0)),
            new Unary("sigmoid", x -> x.getNDArrayInternal().sigmoid(), x -> 1 / (1 + Math.exp(-x)))
        };
        double[] in = values(a);
        for (Unary unary : unaries) {
            double[] out = values(unary.array().apply(a));
            for (int i = 0; i < in.length; i++) {
                assertEquals(out[i], unary.expected().applyAsDouble(in[i]), 1e-6, unary.name());
            }
        }
        assertEquals(manager.create(new int[] {-3, 3}).abs().toIntArray(), new int[] {3, 3});
    }

    @Test
    public void notANumber() {
        NDArray a = manager.create(new float[] {1, Float.NaN, Float.NEGATIVE_INFINITY});
        assertEquals(a.isNaN().toBooleanArray(), new boolean[] {false, true, false});
        assertEquals(a.isInfinite().toBooleanArray(), new boolean[] {false, false, true});
        assertFalse(a.contentEquals(a));
        assertFalse(a.allClose(a));
        assertTrue(a.allClose(a, 1e-5, 1e-8, true));
        assertTrue(Float.isNaN(a.max().toFloatArray()[0]));
        assertEquals(a.argMax().toLongArray(), new long[] {1});
    }

    @Test
    public void arraysAreEqualByShapeTypeAndContent() {
        OfsNDArray a = random(DataType.FLOAT32, 3, 2);
        OfsNDArray b = a.duplicate();
        assertTrue(a.contentEquals(b));
        assertFalse(a.contentEquals(b.reshape(2, 3)));
        assertFalse(a.contentEquals(b.toType(DataType.FLOAT64, false)));
        b.addi(1e-7);
        assertTrue(a.allClose(b));
        b.addi(1);
        assertFalse(a.allClose(b));
        assertTrue(manager.full(new Shape(2), 3).contentEquals(3));
        assertFalse(manager.create(new int[] {3, 4}).contentEquals(3));
    }

    @Test
    public void whereChooses() {
        OfsNDArray a = random(DataType.FLOAT32, 2, 3);
        NDArray b = manager.create(new float[] {9, 8, 7});
        NDArray chosen = NDArrays.where(a.gt(0), a, b);
        for (int i = 0; i < 6; i++) {
            assertEquals(values(chosen)[i], values(a)[i] > 0 ? values(a)[i] : 9 - i % 3);
        }
    }

    @Test
    public void convertsBetweenAllTypes() {
        DataType[] types = {
            DataType.FLOAT32, DataType.FLOAT64, DataType.FLOAT16, DataType.BFLOAT16, DataType.INT64,
            DataType.INT32, DataType.INT16, DataType.INT8, DataType.UINT8, DataType.UINT16,
            DataType.UINT32, DataType.UINT64
        };
        int[] numbers = {0, 1, 2, 77, 100};
        for (DataType from : types) {
            for (DataType to : types) {
                NDArray converted = manager.create(numbers).toType(from, true).toType(to, true);
                assertEquals(converted.getDataType(), to);
                assertEquals(
                        converted.toType(DataType.INT32, false).toIntArray(),
                        numbers,
                        from + " to " + to);
            }
        }
        NDArray flags = manager.create(new float[] {0, -2, 0.5f}).toType(DataType.BOOLEAN, true);
        assertEquals(flags.toBooleanArray(), new boolean[] {false, true, true});
    }

    @Test
    public void sixteenBitsRoundToNearestEven() {
        // 1 + 2^-11 lies halfway in float16, 1 + 3 * 2^-11 too; 2^-25 halfway to the smallest
        float[] x = {1 + 0x1p-11f, 1 + 3 * 0x1p-11f, 65519, 65520, 0x1p-24f, 0x1p-25f, -0x3p-25f};
        float[] half = {1, 1 + 0x1p-9f, 65504, Float.POSITIVE_INFINITY, 0x1p-24f, 0, -0x1p-23f};
        assertEquals(manager.create(x).toType(DataType.FLOAT16, false).toFloatArray(), half);
        float[] y = {1 + 0x1p-8f, 1 + 3 * 0x1p-8f, -3.14159f};
        float[] brain = {1, 1 + 0x1p-6f, -3.140625f};
        assertEquals(
                manager.create(y)
                        .toType(DataType.BFLOAT16, false)
                        .toType(DataType.FLOAT32, false)
                        .toFloatArray(),
                brain);
    }
}
