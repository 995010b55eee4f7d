/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.stream;

import static org.testng.Assert.assertEquals;

import io.offloadstream.device.Backend;
import io.offloadstream.device.DeviceMemory;
import io.offloadstream.device.SharedTable;
import io.offloadstream.device.Workspace;
import io.offloadstream.ops.Ops;
import io.offloadstream.ops.Phase;
import io.offloadstream.ops.ScratchRules;
import io.offloadstream.platform.DeviceBuffer;
import io.offloadstream.platform.DeviceException;
import io.offloadstream.platform.DeviceStorage;
import io.offloadstream.platform.HostMemory;
import io.offloadstream.platform.MemoryBudget;
import io.offloadstream.platform.OffloadStreamException;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

/**
 * A device with memory and streams of its own, made of threads. Work that its caller did not order
 * by events runs in any order, differently for each seed; what goes wrong is remembered until
 * {@link #close}, which throws it. Its kernels are whatever a test enqueues.
 */
final class FakeDevice implements Backend {

    private final FakeMemory memory = new FakeMemory();
    private final FakeStream compute;
    private final long seed;
    private final AtomicInteger openEvents = new AtomicInteger();
    private final AtomicInteger uploads = new AtomicInteger();
    private final Set<Integer> failingUploads = ConcurrentHashMap.newKeySet();
    private final AtomicInteger refusedUploads = new AtomicInteger();
    private volatile FakeStream copies;
    private volatile CountDownLatch faultGate = new CountDownLatch(0);
    private volatile boolean lost;
    private Supplier<DeviceStorage> storage;
    private final AtomicInteger pinnable = new AtomicInteger(Integer.MAX_VALUE);

    FakeDevice(long seed) {
        this.seed = seed;
        compute = new FakeStream(this, "compute", seed);
    }

    /** What lies in it. */
    FakeMemory bytes() {
        return memory;
    }

    AtomicInteger openEvents() {
        return openEvents;
    }

    AtomicInteger uploads() {
        return uploads;
    }

    Set<Integer> failingUploads() {
        return failingUploads;
    }

    /** The n-th upload from now, counted from 0, fails when the device comes to it. */
    void failUpload(int fromNow) {
        failingUploads.add(uploads.get() + fromNow);
    }

    /** Uploads that fail take until the latch that this returns is at 0. */
    CountDownLatch holdFaults() {
        faultGate = new CountDownLatch(1);
        return faultGate;
    }

    CountDownLatch faultGate() {
        return faultGate;
    }

    /** The next uploads are refused when they are asked for. */
    void refuseUploads(int count) {
        refusedUploads.set(count);
    }

    /** What reads files past host memory: none if not set. */
    void readFilesBy(Supplier<DeviceStorage> way) {
        storage = way;
    }

    @Override
    public DeviceStorage openStorage() {
        return storage == null ? Backend.super.openStorage() : storage.get();
    }

    /** All calls throw from now on, or none. */
    void lose(boolean isLost) {
        lost = isLost;
    }

    /** Pins that many more pieces of host memory. */
    void refuseToPinAfter(int count) {
        pinnable.set(count);
    }

    void requireThere() {
        if (lost) {
            throw new DeviceException("the fake device is lost");
        }
    }

    void beforeUpload() {
        if (refusedUploads.getAndUpdate(left -> Math.max(0, left - 1)) > 0) {
            throw new DeviceException("the fake device refuses an upload");
        }
    }

    FakeStream compute() {
        return compute;
    }

    /** The stream that was opened last. */
    FakeStream copies() {
        return copies;
    }

    @Override
    public String name() {
        return "fake (seed " + seed + ")";
    }

    @Override
    public boolean computesInHostMemory() {
        return false;
    }

    @Override
    public Optional<DeviceMemory> memory() {
        return Optional.of(new DeviceMemory("fake:0", 1L << 40, 1L << 40, 0, 0));
    }

    @Override
    public DeviceBuffer allocate(MemoryBudget device, String purpose, long sizeBytes) {
        requireThere();
        return memory.allocate(device, purpose, sizeBytes);
    }

    @Override
    public long chargedBytes(long sizeBytes) {
        return FakeMemory.chargedBytes(sizeBytes);
    }

    @Override
    public HostMemory allocateHost(MemoryBudget host, String purpose, long sizeBytes) {
        if (pinnable.getAndDecrement() <= 0) {
            throw new OffloadStreamException(sizeBytes + " bytes cannot be pinned");
        }
        return HostMemory.allocate(host, purpose, sizeBytes, memory.pinnedSource());
    }

    @Override
    public SharedTable newTable(
            MemoryBudget host, MemoryBudget device, String purpose, long sizeBytes) {
        throw new UnsupportedOperationException("weights need no tables");
    }

    @Override
    public FakeStream computeStream() {
        return compute;
    }

    @Override
    public FakeStream newStream(String name) {
        requireThere();
        copies = new FakeStream(this, name, seed + 1);
        return copies;
    }

    @Override
    public ScratchRules scratchRules() {
        return ScratchRules.NONE;
    }

    @Override
    public long workspaceHostBytes(long rowBytes) {
        return 0;
    }

    @Override
    public Workspace newWorkspace(
            MemoryBudget host,
            MemoryBudget device,
            long rowBytes,
            long sizeBytes,
            long attentionBytes) {
        throw new UnsupportedOperationException("weights need no workspace");
    }

    @Override
    public Ops ops(Workspace workspace, Phase phase) {
        throw new UnsupportedOperationException("kernels are what a test enqueues");
    }

    /** Throws what went wrong, and what was left behind. */
    @Override
    public void close() {
        compute.close();
        assertEquals(memory.violations(), List.of());
        assertEquals(openEvents.get(), 0, "events left open");
        memory.close();
    }
}
