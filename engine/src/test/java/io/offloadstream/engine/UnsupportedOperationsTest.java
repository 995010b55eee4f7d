/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.engine;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertTrue;
import static org.testng.Assert.expectThrows;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrayAdapter;
import ai.djl.ndarray.types.DataType;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.Set;
import java.util.TreeSet;
import org.testng.annotations.Test;

public class UnsupportedOperationsTest extends ArrayTestCase {

    /** What DJL's adapter does rightly for us. */
    private static final Set<String> INHERITED =
            Set.of(
                    "getManager",
                    "getSparseFormat",
                    "getName",
                    "setName",
                    "getUid",
                    "getDevice",
                    "getDataType",
                    "getShape",
                    "toDevice",
                    "hasGradient",
                    "isReleased",
                    "equals",
                    "hashCode",
                    "toString");

    @Test
    public void noOperationFallsThroughToTheAdapter() throws NoSuchMethodException {
        Set<String> fallingThrough = new TreeSet<>();
        for (Method method : NDArrayAdapter.class.getDeclaredMethods()) {
            if (Modifier.isPublic(method.getModifiers()) && !method.isSynthetic()) {
                Method ours =
                        OfsNDArray.class.getMethod(method.getName(), method.getParameterTypes());
                if (ours.getDeclaringClass() == NDArrayAdapter.class) {
                    fallingThrough.add(method.getName());
                }
            }
        }
        assertEquals(fallingThrough, new TreeSet<>(INHERITED));
    }

    @Test
    public void refusalsNameTheOperation() {
        NDArray a = random(DataType.FLOAT32, 2, 3);
        UnsupportedOperationException e =
                expectThrows(UnsupportedOperationException.class, () -> a.fft(2));
        assertTrue(e.getMessage().contains("fft"), e.getMessage());
        e =
                expectThrows(
                        UnsupportedOperationException.class,
                        () -> a.getNDArrayInternal().globalMaxPool());
        assertTrue(e.getMessage().contains("globalMaxPool"), e.getMessage());
        e = expectThrows(UnsupportedOperationException.class, () -> manager.samplePoisson(a));
        assertTrue(e.getMessage().contains("samplePoisson"), e.getMessage());
        NDArray unsigned = a.toType(DataType.UINT64, false);
        e = expectThrows(UnsupportedOperationException.class, () -> unsigned.add(1));
        assertTrue(e.getMessage().contains("uint64"), e.getMessage());
    }
}
