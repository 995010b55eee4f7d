/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.plan;

import io.offloadstream.checkpoint.Checkpoint;
import io.offloadstream.checkpoint.CheckpointException;
import io.offloadstream.checkpoint.TensorEntry;
import io.offloadstream.platform.DType;
import io.offloadstream.platform.PackedBf16;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Names and shapes of the tensors of one kind of group, stated once by the constructor of a block.
 * That gives the groups and checks the checkpoint when it is opened.
 */
public final class GroupLayout {

    /** What kernels do with a tensor, which says how it may be stored. */
    public enum Use {
        /** Added or multiplied element by element: a norm, a bias. F32, F16 or BF16. */
        ELEMENTS,
        /** Products along its rows, or rows that are gathered: blocks of a row too. */
        ROWS,
        /** Products along its first dimension (in, out); blocks are stored (out, in). */
        INPUT_MAJOR
    }

    private final List<String> prefixes;
    private final List<String> names = new ArrayList<>();
    private final List<long[]> shapes = new ArrayList<>();
    private final List<Use> uses = new ArrayList<>();

    /**
     * Starts a layout.
     *
     * @param prefixes what stands before each name, the first that the checkpoint has being taken;
     *     {@code %d} stands for the layer, as in {@code model.layers.%d.}
     */
    public GroupLayout(String... prefixes) {
        this.prefixes = List.of(prefixes);
    }

    /**
     * States a tensor. One of two dimensions is a matrix (out, in) or a table whose rows are
     * gathered; others are used element by element.
     *
     * @param name its name behind the prefix
     * @param shape its dimensions, outermost first
     * @return the reference to read it by
     */
    public WeightRef tensor(String name, long... shape) {
        return add(name, shape.length == 2 ? Use.ROWS : Use.ELEMENTS, shape.clone());
    }

    /**
     * States a matrix that is stored (in, out), as GPT-2's Conv1D has it, for {@code
     * linearTransposed}.
     *
     * @param name its name behind the prefix
     * @param in length of the input
     * @param out length of the output
     * @return the reference to read it by
     */
    public WeightRef inputMajor(String name, long in, long out) {
        return add(name, Use.INPUT_MAJOR, new long[] {in, out});
    }

    private WeightRef add(String name, Use use, long[] shape) {
        names.add(name);
        uses.add(use);
        shapes.add(shape);
        return new WeightRef(names.size() - 1);
    }

    /**
     * States a tensor that only some configurations have.
     *
     * @param present whether this one has it
     * @param name its name behind the prefix
     * @param shape its dimensions, outermost first
     * @return the reference, or {@link WeightRef#NONE}
     */
    public WeightRef tensorIf(boolean present, String name, long... shape) {
        return present ? tensor(name, shape) : WeightRef.NONE;
    }

    /**
     * Returns the shape that was stated.
     *
     * @param ref a reference of this layout
     * @return dimensions, outermost first
     */
    public long[] shape(WeightRef ref) {
        return shapes.get(ref.index()).clone();
    }

    /**
     * Returns how many tensors were stated.
     *
     * @return tensors
     */
    public int size() {
        return names.size();
    }

    /**
     * Returns what kernels do with a tensor.
     *
     * @param ref a reference of this layout
     * @return its use
     */
    public Use use(WeightRef ref) {
        return uses.get(ref.index());
    }

    /**
     * Finds the tensors of one layer.
     *
     * @param checkpoint where to look
     * @param layer what {@code %d} stands for
     * @return entries in the order in which they were stated, then the escapes of those that are
     *     losslessly packed
     * @throws CheckpointException if one is missing, has another shape, or a dtype that kernels do
     *     not take
     */
    public List<TensorEntry> bind(Checkpoint checkpoint, int layer) {
        String prefix = prefix(checkpoint, layer);
        List<TensorEntry> entries = new ArrayList<>(names.size());
        for (int i = 0; i < names.size(); i++) {
            TensorEntry entry = checkpoint.get(prefix + names.get(i));
            requireShape(checkpoint, entry, i);
            requireType(checkpoint, entry, uses.get(i));
            entries.add(entry);
        }
        return withEscapes(checkpoint, entries);
    }

    /**
     * What is packed has its escapes beside it, behind what was stated; their size was checked when
     * the checkpoint was opened.
     */
    private static List<TensorEntry> withEscapes(Checkpoint checkpoint, List<TensorEntry> stated) {
        List<TensorEntry> entries = new ArrayList<>(stated);
        for (TensorEntry entry : stated) {
            if (entry.type() == DType.BF16_PACKED) {
                entries.add(checkpoint.get(entry.name() + PackedBf16.SUFFIX));
            }
        }
        return entries;
    }

    private void requireShape(Checkpoint checkpoint, TensorEntry entry, int i) {
        long[] expected = shapes.get(i);
        if (uses.get(i) == Use.INPUT_MAJOR && isBlocks(entry)) {
            expected = new long[] {expected[1], expected[0]};
        }
        if (!Arrays.equals(entry.shape(), expected)) {
            throw new CheckpointException(
                    checkpoint.directory()
                            + ": "
                            + entry
                            + " should have shape "
                            + Arrays.toString(expected)
                            + " by config.json");
        }
    }

    private static boolean isBlocks(TensorEntry entry) {
        return entry.type().blockElements() > 1;
    }

    private static void requireType(Checkpoint checkpoint, TensorEntry entry, Use use) {
        boolean rows = use != Use.ELEMENTS;
        if (!(rows ? entry.type().isRowComputable() : entry.type().isComputable())) {
            throw new CheckpointException(
                    checkpoint.directory()
                            + ": "
                            + entry
                            + " cannot be computed with; weights may be F32, F16 or BF16"
                            + (rows ? ", BF16_PACKED, Q8_0 or Q4_0" : ""));
        }
    }

    private String prefix(Checkpoint checkpoint, int layer) {
        for (String candidate : prefixes) {
            String prefix = candidate.replace("%d", Integer.toString(layer));
            if (checkpoint.find(prefix + names.get(0)).isPresent()) {
                return prefix;
            }
        }
        return prefixes.get(0).replace("%d", Integer.toString(layer));
    }
}
