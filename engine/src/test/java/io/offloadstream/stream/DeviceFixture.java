/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.stream;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertTrue;

import io.offloadstream.checkpoint.TensorEntry;
import io.offloadstream.device.Budgets;
import io.offloadstream.plan.Bandwidths;
import io.offloadstream.plan.DeviceRequest;
import io.offloadstream.plan.PlanRequest;
import io.offloadstream.plan.PlanRequest.Mapping;
import io.offloadstream.plan.PlanRequest.Term;
import io.offloadstream.plan.ResidencyPlan;
import io.offloadstream.plan.ResidencyPlanner;
import io.offloadstream.plan.WeightRef;
import io.offloadstream.platform.MemoryBudget;
import io.offloadstream.stream.StreamOptions.Io;
import java.util.List;
import java.util.Random;

/** Plans for a {@link FakeDevice}, and passes whose kernels compare every byte with the file. */
public abstract class DeviceFixture extends WeightFixture {

    /** What a body runs on. */
    record Bench(
            RandomWeights weights,
            ResidencyPlan plan,
            FakeDevice device,
            FaultyStorage storage,
            WeightStream stream,
            Budgets budgets) {

        /** Runs a pass as a model does: nothing waits until its end. */
        void runPass(int[] order, Random random) {
            try (StreamPass pass = stream.begin(order)) {
                weights.gather(pass, random);
                for (int group : order) {
                    try (GroupLease lease = pass.next()) {
                        assertEquals(lease.group().index(), group);
                        compute(lease);
                    }
                }
                try (GroupLease lease = pass.leaseStatic(weights.staticGroup())) {
                    compute(lease);
                }
                device.compute().synchronize();
            }
        }

        /** Enqueues kernels that read all of a group, a nanosecond per byte. */
        void compute(GroupLease lease) {
            compute(lease, 1);
        }

        void compute(GroupLease lease, int nanosPerByte) {
            for (int i = 0; i < lease.group().tensors().size(); i++) {
                TensorEntry entry = lease.group().tensors().get(i);
                long address = lease.get(new WeightRef(i)).address();
                assertEquals(address % 256, 0, entry.toString());
                long size = entry.sizeBytes();
                device.compute()
                        .launch(nanosPerByte * size, () -> requireBytes(entry, address, size));
            }
        }

        private void requireBytes(TensorEntry entry, long address, long size) {
            device.bytes()
                    .read(
                            address,
                            size,
                            real -> {
                                try {
                                    weights.check(entry, entry.offset(), real, (int) size);
                                } catch (AssertionError e) {
                                    device.bytes().violated("wrong bytes of " + entry);
                                }
                            });
        }
    }

    /** A test's body. */
    @FunctionalInterface
    interface Body {
        void run(Bench bench) throws Exception;
    }

    /** What a plan is made of. */
    record Shape(double deviceShare, double hostShare, int slots, int chunks, int blockBytes) {

        ResidencyPlan plan(RandomWeights weights) {
            return plan(weights, List.of());
        }

        /** Likewise, beside what else the device's budget pays. */
        ResidencyPlan plan(RandomWeights weights, List<Term> fixed) {
            ResidencyPlan all = plan(weights, fixed, Long.MAX_VALUE, Long.MAX_VALUE);
            long device = between(all.deviceLeastBytes(), all.deviceChargedBytes(), deviceShare);
            ResidencyPlan most = plan(weights, fixed, device, Long.MAX_VALUE);
            long host = between(most.leastBytes(), most.chargedBytes(), hostShare);
            return plan(weights, fixed, device, host);
        }

        private static long between(long least, long most, double share) {
            return least + Math.round(share * Math.max(0, most - least));
        }

        private ResidencyPlan plan(
                RandomWeights weights, List<Term> fixed, long deviceBytes, long hostBytes) {
            DeviceRequest device =
                    new DeviceRequest(
                            deviceBytes,
                            fixed,
                            FakeMemory::chargedBytes,
                            slots,
                            slots,
                            chunks,
                            chunks,
                            0,
                            weights.streamedCount() - 2,
                            0,
                            0,
                            0,
                            Bandwidths.TYPICAL);
            return ResidencyPlanner.plan(
                    new PlanRequest(
                            weights.groups(),
                            List.of(),
                            hostBytes,
                            1,
                            RandomWeights.GATHER_ROWS,
                            blockBytes,
                            Mapping.NEVER,
                            0,
                            device));
        }
    }

    /** What a model charges the device for the chunks of {@code io=gds}. */
    private static List<Term> gdsStaging(Shape shape, StreamOptions options) {
        long chunk = FakeMemory.chargedBytes(ResidencyPlan.MOST_REQUEST_BYTES);
        return options.io() == Io.GDS
                ? List.of(new Term("gds staging", shape.chunks() * chunk))
                : List.of();
    }

    /** Runs a body; nothing may be left, nor any budget have been exceeded. */
    static void on(long seed, RandomWeights weights, Shape shape, StreamOptions options, Body body)
            throws Exception {
        on(new FakeDevice(seed), weights, shape, options, body);
    }

    /** Likewise, on a device that is closed at the end. */
    static void on(
            FakeDevice device, RandomWeights weights, Shape shape, StreamOptions options, Body body)
            throws Exception {
        ResidencyPlan plan = shape.plan(weights, gdsStaging(shape, options));
        FaultyStorage storage = new FaultyStorage();
        String run = device.name() + ", " + shape + ", " + plan + ", " + options;
        try (device;
                MemoryBudget host = new MemoryBudget("hostMemory", plan.hostMemoryBytes());
                MemoryBudget onDevice =
                        new MemoryBudget("deviceMemory", plan.deviceMemoryBytes())) {
            Budgets budgets = new Budgets(host, onDevice);
            try (WeightStream stream = WeightStream.open(plan, options, budgets, device, storage)) {
                body.run(new Bench(weights, plan, device, storage, stream, budgets));
            }
            assertTrue(host.peakBytes() <= plan.hostMemoryBytes(), run);
        } catch (AssertionError | RuntimeException e) {
            throw new AssertionError(run, e);
        }
        assertEquals(storage.open(), 0, run);
    }
}
