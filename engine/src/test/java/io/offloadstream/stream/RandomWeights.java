/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.stream;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertFalse;

import io.offloadstream.checkpoint.TensorEntry;
import io.offloadstream.ops.Tensor;
import io.offloadstream.plan.GroupParts;
import io.offloadstream.plan.PlanRequest;
import io.offloadstream.plan.PlanRequest.Mapping;
import io.offloadstream.plan.ResidencyPlan;
import io.offloadstream.plan.ResidencyPlanner;
import io.offloadstream.plan.WeightGroup;
import io.offloadstream.plan.WeightGroup.Access;
import io.offloadstream.plan.WeightRef;
import io.offloadstream.platform.HostMemory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/**
 * A model of random bytes in two files, whose tensors lie scattered: layers, a head in parts that
 * an input table shares its bytes with, a second table, and a small group that is always needed.
 */
final class RandomWeights {

    static final int BLOCK_BYTES = 4096;
    static final int GATHER_ROWS = 6;
    private static final int ROW = 768;

    private final List<WeightGroup> groups = new ArrayList<>();
    private final byte[][] contents = new byte[2][];
    private final Path[] files = new Path[2];
    private final int streamedCount;

    RandomWeights(Path directory, long seed, int layers) throws IOException {
        this(directory, seed, layers, 1);
    }

    /** Likewise, with layers that many times as large. */
    RandomWeights(Path directory, long seed, int layers, int scale) throws IOException {
        this(directory, seed, layers, scale, Long.MAX_VALUE);
    }

    /** Likewise, in parts: of no more than so many bytes, or of one tensor. */
    RandomWeights(Path directory, long seed, int layers, int scale, long partBytes)
            throws IOException {
        Random random = new Random(seed);
        long[] end = {8 + random.nextInt(5000), 8 + random.nextInt(5000)};
        files[0] = directory.resolve("a.bin");
        files[1] = directory.resolve("b.bin");
        for (int layer = 0; layer < layers; layer++) {
            List<TensorEntry> tensors = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                // not always in one file, nor in order, nor without gaps
                int file = random.nextInt(10) == 0 ? 1 : 0;
                end[file] += random.nextInt(4) == 0 ? random.nextInt(9000) : 0;
                int rows = 1 + random.nextInt(40 * scale);
                tensors.add(entry("l." + layer + "." + i, rows, 3000 / 2, file, end));
            }
            WeightGroup whole = new WeightGroup(layer, "layer." + layer, Access.STREAMED, tensors);
            groups.addAll(GroupParts.cut(whole, partBytes, groups.size()));
        }
        TensorEntry head = entry("head", 97, ROW / 2, 1, end);
        add("head.0", Access.STREAMED, List.of(head.rows(0, 48)));
        add("head.1", Access.STREAMED, List.of(head.rows(48, 97)));
        streamedCount = groups.size();
        add("final", Access.STATIC, List.of(entry("norm", 1, 700, 0, end)));
        TensorEntry positions = entry("positions", 31, ROW / 2, 1, end);
        add("embedding", Access.GATHERED, List.of(head, positions));
        for (int i = 0; i < 2; i++) {
            contents[i] = new byte[(int) end[i] + (i == 0 ? 0 : random.nextInt(5000))];
            random.nextBytes(contents[i]);
            Files.write(files[i], contents[i]);
        }
    }

    private TensorEntry entry(String name, int rows, int columns, int file, long[] end) {
        long size = 2L * rows * columns;
        end[file] += size;
        long[] shape = {rows, columns};
        return new TensorEntry(name, "BF16", shape, files[file], end[file] - size, size);
    }

    private void add(String name, Access access, List<TensorEntry> tensors) {
        groups.add(new WeightGroup(groups.size(), name, access, tensors));
    }

    List<WeightGroup> groups() {
        return groups;
    }

    Path file(int index) {
        return files[index];
    }

    int streamedCount() {
        return streamedCount;
    }

    int staticGroup() {
        return streamedCount;
    }

    int embedding() {
        return streamedCount + 1;
    }

    /** All STREAMED groups by index. */
    int[] order() {
        int[] order = new int[streamedCount];
        Arrays.setAll(order, i -> i);
        return order;
    }

    /** What a pass over an order leases, by index of the first part. */
    int[] wholes(int[] order) {
        return Arrays.stream(order).filter(i -> groups.get(i).whole().index() == i).toArray();
    }

    /** The order of the first wholes alone. */
    int[] order(int wholeCount) {
        int[] starts = wholes(order());
        int length = wholeCount < starts.length ? starts[wholeCount] : streamedCount;
        return Arrays.copyOf(order(), length);
    }

    PlanRequest request(long budget, int slots, int blockBytes, Mapping mapping) {
        return new PlanRequest(
                groups, List.of(), budget, slots, GATHER_ROWS, blockBytes, mapping, 0);
    }

    /** A plan whose budget is this share of the way from the least to all that can be used. */
    ResidencyPlan plan(double share, int slots, int blockBytes) {
        PlanRequest all = request(Long.MAX_VALUE, slots, blockBytes, Mapping.NEVER);
        ResidencyPlan most = ResidencyPlanner.plan(all);
        long least = most.leastBytes();
        long budget = least + Math.round(share * (most.chargedBytes() - least));
        return ResidencyPlanner.plan(request(budget, slots, blockBytes, Mapping.NEVER));
    }

    /** Compares every byte of a lease with the file. */
    void check(GroupLease lease) {
        for (int i = 0; i < lease.group().tensors().size(); i++) {
            TensorEntry entry = lease.group().tensors().get(i);
            Tensor tensor = lease.get(new WeightRef(i));
            assertEquals(tensor.sizeBytes(), entry.sizeBytes());
            check(entry, entry.offset(), tensor.address(), (int) entry.sizeBytes());
        }
    }

    void checkRows(int tensor, int[] rows, long[] addresses) {
        TensorEntry entry = groups.get(embedding()).tensors().get(tensor);
        assertEquals(addresses.length, rows.length);
        for (int i = 0; i < rows.length; i++) {
            check(entry, entry.offset() + (long) rows[i] * ROW, addresses[i], ROW);
        }
    }

    void check(TensorEntry entry, long offset, long address, int length) {
        byte[] actual = new byte[length];
        HostMemory.view(address, length).get(actual);
        byte[] file = contents[entry.file().equals(files[0]) ? 0 : 1];
        byte[] expected = Arrays.copyOfRange(file, (int) offset, (int) offset + length);
        assertEquals(Arrays.hashCode(actual), Arrays.hashCode(expected), entry.toString());
    }

    /** Runs a pass over an order, checking all bytes; rows of both tables first. */
    void runPass(WeightStream stream, int[] order, Random random) {
        try (StreamPass pass = stream.begin(order)) {
            gather(pass, random);
            for (int whole : wholes(order)) {
                try (GroupLease lease = pass.next()) {
                    assertEquals(lease.group().index(), whole);
                    check(lease);
                }
            }
            try (GroupLease lease = pass.leaseStatic(staticGroup())) {
                check(lease);
            }
        }
    }

    void gather(StreamPass pass, Random random) {
        int[] tokens = random.ints(1 + random.nextInt(GATHER_ROWS), 0, 97).toArray();
        try (RowLease lease = pass.gather(embedding(), 0, tokens)) {
            checkRows(0, tokens, lease.addresses());
        }
        int[] places = {30, 0, 30};
        try (RowLease lease = pass.gather(embedding(), 1, places)) {
            checkRows(1, places, lease.addresses());
        }
    }

    /** Fails if a reader outlived its stream. */
    static void requireNoReaders() {
        for (Thread thread : Thread.getAllStackTraces().keySet()) {
            assertFalse(thread.getName().startsWith("ofs-read-"), thread + " is still alive");
        }
    }
}
