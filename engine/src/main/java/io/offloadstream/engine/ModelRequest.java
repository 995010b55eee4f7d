/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.engine;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.util.List;

/**
 * A request, checked and copied out of its arrays (of whatever engine), keys and values excepted:
 * they are large and stay where they are.
 *
 * @param manager what the input ids belong to, and the outputs will
 * @param batch sequences
 * @param tokens new tokens of each
 * @param pastTokens slots that {@code past} fills, 0 without
 * @param ids (batch, tokens)
 * @param mask (batch, pastTokens + tokens) of 0 and 1, or null
 * @param positions (batch, tokens), or null
 * @param past keys and values by layer, keys first, each (batch, kvHeads, pastTokens, headDim)
 *     float32; empty without
 */
// its arrays go straight into a pass and are never compared
@SuppressWarnings("ArrayRecordComponent")
record ModelRequest(
        NDManager manager,
        int batch,
        int tokens,
        int pastTokens,
        int[] ids,
        byte[] mask,
        int[] positions,
        List<NDArray> past) {

    /**
     * Reads and checks a request.
     *
     * @param inputs as {@link NamedInputs} has them
     * @param useCache whether unnamed inputs are in TextGenerator's order
     * @param limits what the model takes
     * @return the request
     * @throws IllegalArgumentException if anything is wrong; nothing has run then
     */
    static ModelRequest of(NDList inputs, boolean useCache, RequestLimits limits) {
        NamedInputs named = NamedInputs.of(inputs, useCache, limits.blockCount());
        Shape shape = named.ids().getShape();
        if (shape.dimension() != 2 || shape.size() == 0) {
            throw new IllegalArgumentException(
                    NamedInputs.IDS
                            + " has shape "
                            + shape
                            + "; expected (batch, tokens), neither of them 0");
        }
        if (shape.get(0) > limits.maxBatch()) {
            throw new IllegalArgumentException(
                    NamedInputs.IDS
                            + " has "
                            + shape.get(0)
                            + " sequences, the limit is maxBatch="
                            + limits.maxBatch()
                            + "; raise the option maxBatch");
        }
        int batch = (int) shape.get(0);
        int past = pastTokens(named.past(), batch, limits);
        long length = past + shape.get(1);
        if (length > limits.maxSequenceLength()) {
            throw new IllegalArgumentException(
                    "the request has "
                            + length
                            + " tokens ("
                            + past
                            + " past), the limit is maxSequenceLength="
                            + limits.maxSequenceLength()
                            + "; shorten it or raise the option maxSequenceLength");
        }
        int tokens = (int) shape.get(1);
        return new ModelRequest(
                named.ids().getManager(),
                batch,
                tokens,
                past,
                ids(named.ids(), tokens, limits.vocabSize()),
                mask(named.mask(), new Shape(batch, length)),
                positions(named.positions(), new Shape(batch, tokens)),
                named.past());
    }

    private static int pastTokens(List<NDArray> past, int batch, RequestLimits limits) {
        if (past.isEmpty()) {
            return 0;
        }
        Shape first = past.get(0).getShape();
        long tokens = first.dimension() == 4 ? first.get(2) : -1;
        Shape expected =
                new Shape(batch, limits.kvShape().heads(), tokens, limits.kvShape().headDim());
        for (int i = 0; i < past.size(); i++) {
            NDArray array = past.get(i);
            if (!array.getShape().equals(expected) || array.getDataType() != DataType.FLOAT32) {
                throw new IllegalArgumentException(
                        NamedInputs.PAST_PREFIX
                                + i / 2
                                + (i % 2 == 0 ? ".key" : ".value")
                                + " is "
                                + array.getDataType()
                                + " "
                                + array.getShape()
                                + "; expected float32 (batch="
                                + batch
                                + ", kvHeads="
                                + limits.kvShape().heads()
                                + ", past, headDim="
                                + limits.kvShape().headDim()
                                + ") with one past for all");
            }
        }
        return Math.toIntExact(tokens);
    }

    private static int[] ids(NDArray array, int tokens, int vocabSize) {
        long[] values = integers(NamedInputs.IDS, array);
        int[] ids = new int[values.length];
        for (int i = 0; i < ids.length; i++) {
            if (values[i] < 0 || values[i] >= vocabSize) {
                throw new IllegalArgumentException(
                        at(NamedInputs.IDS, i, tokens)
                                + " is "
                                + values[i]
                                + "; the vocabulary has ids from 0 to "
                                + (vocabSize - 1));
            }
            ids[i] = (int) values[i];
        }
        return ids;
    }

    private static byte[] mask(NDArray array, Shape expected) {
        if (array == null) {
            return null;
        }
        requireShape(NamedInputs.MASK, array, expected, "(batch, past + tokens)");
        byte[] mask = new byte[Math.toIntExact(expected.size())];
        if (array.getDataType() == DataType.BOOLEAN) {
            boolean[] values = array.toBooleanArray();
            for (int i = 0; i < mask.length; i++) {
                mask[i] = (byte) (values[i] ? 1 : 0);
            }
            return mask;
        }
        long[] values = integers(NamedInputs.MASK, array);
        for (int i = 0; i < mask.length; i++) {
            if (values[i] != 0 && values[i] != 1) {
                throw new IllegalArgumentException(
                        at(NamedInputs.MASK, i, (int) expected.get(1))
                                + " is "
                                + values[i]
                                + "; valid: 0 and 1");
            }
            mask[i] = (byte) values[i];
        }
        return mask;
    }

    private static int[] positions(NDArray array, Shape expected) {
        if (array == null) {
            return null;
        }
        requireShape(NamedInputs.POSITIONS, array, expected, "(batch, tokens)");
        long[] values = integers(NamedInputs.POSITIONS, array);
        int[] positions = new int[values.length];
        for (int i = 0; i < positions.length; i++) {
            if (values[i] < 0 || values[i] > Integer.MAX_VALUE) {
                throw new IllegalArgumentException(
                        at(NamedInputs.POSITIONS, i, (int) expected.get(1))
                                + " is "
                                + values[i]
                                + "; valid: from 0");
            }
            positions[i] = (int) values[i];
        }
        return positions;
    }

    private static void requireShape(String name, NDArray array, Shape expected, String meaning) {
        if (!array.getShape().equals(expected)) {
            throw new IllegalArgumentException(
                    name
                            + " has shape "
                            + array.getShape()
                            + "; expected "
                            + meaning
                            + " = "
                            + expected);
        }
    }

    private static long[] integers(String name, NDArray array) {
        if (array.getDataType() == DataType.INT64) {
            return array.toLongArray();
        }
        if (array.getDataType() == DataType.INT32) {
            int[] values = array.toIntArray();
            long[] longs = new long[values.length];
            for (int i = 0; i < longs.length; i++) {
                longs[i] = values[i];
            }
            return longs;
        }
        throw new IllegalArgumentException(
                name + " is " + array.getDataType() + "; valid: int64, int32");
    }

    private static String at(String name, int index, int columns) {
        return name + "[" + index / columns + "][" + index % columns + "]";
    }
}
