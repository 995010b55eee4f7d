/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.engine;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.offloadstream.platform.MemoryBudget;
import java.util.Random;
import org.testng.annotations.AfterMethod;
import org.testng.annotations.BeforeMethod;

/** A manager on a budget of its own, which must be empty when a test ends. */
abstract class ArrayTestCase {

    static final long SEED = 20260101;

    MemoryBudget budget;
    OfsNDManager manager;
    Random random;

    @BeforeMethod
    public void openManager() {
        budget = MemoryBudget.unlimited("hostMemory");
        manager = new OfsNDManager(OfsNDManager.getSystemManager(), null, budget);
        random = new Random(SEED);
    }

    @AfterMethod(alwaysRun = true)
    public void closeManager() {
        manager.close();
        // throws where an array is left
        budget.close();
    }

    /** An array of small random numbers, which all types but boolean and unsigned ones hold. */
    OfsNDArray random(DataType type, long... shape) {
        OfsNDArray array = manager.create(new Shape(shape), type);
        Elements out = array.elements();
        for (int i = 0; i < array.size(); i++) {
            int whole = random.nextInt(9) - 4;
            out.setReal(i, type.isFloating() ? whole + random.nextInt(8) / 8.0 : whole);
        }
        return array;
    }

    /** Reads any array as doubles, by DJL's own way out. */
    static double[] values(NDArray array) {
        double[] result = new double[(int) array.size()];
        Number[] numbers = array.toArray();
        for (int i = 0; i < result.length; i++) {
            result[i] = numbers[i].doubleValue();
        }
        return result;
    }
}
