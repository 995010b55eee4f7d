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
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.offloadstream.platform.BudgetExceededException;
import io.offloadstream.platform.MemoryBudget;
import java.nio.FloatBuffer;
import java.util.List;
import org.testng.annotations.Test;

public class ArrayLifeTest extends ArrayTestCase {

    @Test
    public void closedArraysRefuse() {
        NDArray a = random(DataType.FLOAT32, 2, 3);
        NDArray view = a.reshape(6);
        a.close();
        a.close();
        assertTrue(a.isReleased());
        assertThrows(IllegalStateException.class, a::getShape);
        assertThrows(IllegalStateException.class, a::toFloatArray);
        assertThrows(IllegalStateException.class, a::sum);
        assertThrows(IllegalStateException.class, () -> a.addi(1));
        assertThrows(IllegalStateException.class, () -> view.add(a));
        assertThrows(IllegalStateException.class, () -> ((OfsNDArray) a).address());
        assertEquals(view.toFloatArray().length, 6);
        assertTrue(budget.usedBytes() > 0);
        view.close();
        assertEquals(budget.usedBytes(), 0);
    }

    @Test
    public void closingAManagerFreesItsArraysAndSubManagers() {
        OfsNDManager sub = manager.newSubManager(null);
        NDArray a = sub.newSubManager().zeros(new Shape(3, 5));
        NDArray b = random(DataType.FLOAT32, 3, 5);
        assertSame(b.add(a).getManager(), manager);
        assertSame(a.add(b).getManager(), a.getManager());
        sub.close();
        assertTrue(a.isReleased());
        assertFalse(b.isReleased());
        assertThrows(IllegalStateException.class, () -> sub.zeros(new Shape(1)));
        long used = budget.usedBytes();
        assertThrows(IllegalStateException.class, () -> b.get(sub, 0));
        assertEquals(budget.usedBytes(), used, "a refused array was left");
    }

    @Test
    public void arraysMoveBetweenManagers() {
        NDArray a = random(DataType.FLOAT32, 3, 5);
        NDArray b = random(DataType.FLOAT32, 2);
        try (NDManager other = manager.newSubManager()) {
            a.attach(other);
            assertSame(a.getManager(), other);
            b.tempAttach(other);
            assertSame(b.getManager(), other);
        }
        assertTrue(a.isReleased());
        assertFalse(b.isReleased());
        assertSame(b.getManager(), manager);
        NDArray c = random(DataType.FLOAT32, 2);
        c.detach();
        manager.close();
        assertFalse(c.isReleased());
        NDArray sum = c.sum();
        assertTrue(budget.usedBytes() > 0, "what comes of a detached array is charged as it is");
        sum.close();
        c.close();
    }

    @Test
    public void aRefusedMoveLeavesTheOwner() {
        NDArray a = random(DataType.FLOAT32, 3, 5);
        NDManager closed = manager.newSubManager();
        closed.close();
        assertThrows(IllegalStateException.class, () -> a.attach(closed));
        assertSame(a.getManager(), manager);
    }

    @Test
    public void scopesCloseWhatTheyRegistered() {
        NDArray kept;
        NDArray dropped;
        try (NDScope scope = new NDScope()) {
            scope.suppressNotUsedWarning();
            kept = manager.ones(new Shape(2, 3));
            dropped = kept.add(1).reshape(6).get(":3");
            NDScope.unregister(kept);
        }
        assertTrue(dropped.isReleased());
        assertFalse(kept.isReleased());
        long used = budget.usedBytes();
        kept.close();
        assertTrue(used > 0);
        assertEquals(budget.usedBytes(), 0);
    }

    @Test
    public void intermediatesAreFreedAtOnce() {
        NDArray a = random(DataType.FLOAT32, 4, 3, 5);
        long used = budget.usedBytes();
        a.sum(new int[] {0, 2}).close();
        a.stack(a).close();
        a.sort(1).close();
        a.argSort(0).close();
        a.cumSum().close();
        a.norm().close();
        a.contentEquals(a);
        a.getFloat(0, 0, 0);
        a.getNDArrayInternal().rdivi(a);
        a.getNDArrayInternal().rpowi(2);
        assertTrue(a.toString().contains("(4, 3, 5)"));
        assertEquals(budget.usedBytes(), used);
        assertThrows(
                IllegalArgumentException.class,
                () -> manager.create(FloatBuffer.allocate(2), new Shape(3)));
        assertEquals(budget.usedBytes(), used);
    }

    @Test
    public void internTakesOver() {
        NDArray a = random(DataType.FLOAT32, 2, 3);
        NDArray b = random(DataType.INT64, 4);
        long[] content = b.toLongArray();
        a.intern(b);
        assertTrue(b.isReleased());
        assertEquals(a.toLongArray(), content);
        assertEquals(a.getShape(), new Shape(4));
        assertEquals(a.getResourceNDArrays(), List.of(a));
        a.close();
        assertEquals(budget.usedBytes(), 0);
    }

    @Test
    public void theBudgetIsHard() {
        MemoryBudget small = new MemoryBudget("hostMemory", 1 << 20);
        try (OfsNDManager model = new OfsNDManager(OfsNDManager.getSystemManager(), null, small)) {
            NDArray half = model.newSubManager().zeros(new Shape(1 << 17));
            assertThrows(BudgetExceededException.class, () -> half.add(1).add(1));
            assertTrue(small.usedBytes() <= 1 << 20);
        }
        assertEquals(small.usedBytes(), 0);
        small.close();
    }

    @Test
    public void tooLargeAndImpossibleArraysAreRefused() {
        IllegalArgumentException e =
                expectThrows(
                        IllegalArgumentException.class,
                        () -> manager.zeros(new Shape(1L << 20, 1L << 20, 1L << 40)));
        assertTrue(e.getMessage().contains("2147483647"), e.getMessage());
        assertThrows(IllegalArgumentException.class, () -> manager.zeros(new Shape(2, -1)));
        assertThrows(
                UnsupportedOperationException.class,
                () -> manager.create(new Shape(2), DataType.COMPLEX64));
    }

    @Test
    public void listsCloseTheirArrays() {
        try (NDList list = new NDList(random(DataType.FLOAT32, 2), random(DataType.INT8, 3))) {
            list.attach(manager.newSubManager());
        }
        assertEquals(budget.usedBytes(), 0);
    }
}
