/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.engine;

import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.util.RandomUtils;
import java.util.function.IntToDoubleFunction;

/** Makes arrays from a rule. Random numbers come from DJL's generator, seeded by the engine. */
final class FilledArrays {

    private FilledArrays() {}

    /** Fills an array, which is closed where that fails. */
    static OfsNDArray closingOnFailure(OfsNDArray array, Runnable filling) {
        boolean done = false;
        try {
            filling.run();
            done = true;
            return array;
        } finally {
            if (!done) {
                array.close();
            }
        }
    }

    private static OfsNDArray real(
            OfsNDManager manager, Shape shape, DataType type, IntToDoubleFunction rule) {
        OfsNDArray array = manager.create(shape, type);
        return closingOnFailure(
                array,
                () -> {
                    Elements out = array.elements();
                    int size = (int) array.size();
                    for (int i = 0; i < size; i++) {
                        out.setReal(i, rule.applyAsDouble(i));
                    }
                });
    }

    /** Counts from {@code start} in steps, and stops before {@code stop}. */
    static OfsNDArray arange(
            OfsNDManager manager, double start, double stop, double step, DataType type) {
        if (step == 0 || Double.isNaN(step)) {
            throw new IllegalArgumentException("arange: the step must not be " + step);
        }
        long count = Math.max(0, (long) Math.ceil((stop - start) / step));
        return real(manager, new Shape(count), type, i -> start + i * step);
    }

    static OfsNDArray eye(OfsNDManager manager, int rows, int columns, int k, DataType type) {
        Shape shape = new Shape(rows, columns);
        return real(manager, shape, type, i -> i % columns - i / columns == k ? 1 : 0);
    }

    static OfsNDArray linspace(
            OfsNDManager manager, double start, double stop, int count, boolean endpoint) {
        if (count < 0) {
            throw new IllegalArgumentException("linspace of " + count + " elements");
        }
        double step = (stop - start) / Math.max(endpoint ? count - 1 : count, 1);
        IntToDoubleFunction rule =
                i -> endpoint && i > 0 && i == count - 1 ? stop : start + i * step;
        return real(manager, new Shape(count), DataType.FLOAT32, rule);
    }

    static OfsNDArray randomUniform(
            OfsNDManager manager, float low, float high, Shape shape, DataType type) {
        return real(manager, shape, type, i -> RandomUtils.nextFloat(low, high));
    }

    static OfsNDArray randomNormal(
            OfsNDManager manager, float mean, float deviation, Shape shape, DataType type) {
        return real(manager, shape, type, i -> mean + deviation * RandomUtils.nextGaussian());
    }

    static OfsNDArray randomInteger(
            OfsNDManager manager, long low, long high, Shape shape, DataType type) {
        if (high <= low) {
            throw new IllegalArgumentException(
                    "randomInteger: [" + low + ", " + high + ") is empty");
        }
        OfsNDArray array = manager.create(shape, type);
        return closingOnFailure(
                array,
                () -> {
                    Elements out = array.elements();
                    int size = (int) array.size();
                    for (int i = 0; i < size; i++) {
                        out.setWhole(i, RandomUtils.RANDOM.longs(1, low, high).sum());
                    }
                });
    }
}
