/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.stream;

import io.offloadstream.platform.DeviceEvent;
import io.offloadstream.platform.DeviceException;
import io.offloadstream.platform.DeviceStream;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/**
 * A stream that runs on a thread of its own, at seeded leisure, by a clock of its own: a copy takes
 * a nanosecond per byte, a kernel what its caller says, waiting for hosts nothing.
 *
 * <p>After a failure nothing more is done, events and who awaits them included, until {@link
 * #synchronize} has thrown it.
 */
final class FakeStream implements DeviceStream {

    /** Does something, or nothing but take time. */
    private record Op(Runnable action, long nanos, boolean isLast) {}

    private static final Op END = new Op(() -> {}, 0, true);

    private final FakeDevice device;
    private final Thread thread;
    private final Random random;
    private final Deque<Op> queue = new ArrayDeque<>();
    private volatile CountDownLatch gate = new CountDownLatch(0);
    private boolean busy;
    private FakeEvent awaited;
    private volatile boolean awaitedByHost;
    private volatile boolean refusesRecords;
    private volatile boolean refusesQueries;
    private final AtomicLong uploadedBytes = new AtomicLong();
    private long clock;
    private DeviceException failure;

    FakeStream(FakeDevice device, String name, long seed) {
        this.device = device;
        random = new Random(seed);
        thread = new Thread(this::run, "fake-" + name);
        thread.setDaemon(true);
        thread.start();
    }

    /** An event that passes by the stream's clock. */
    private final class FakeEvent implements DeviceEvent {
        private volatile boolean passed;
        private boolean closed;
        private DeviceException cause;
        private long nanos;

        private synchronized void pass(long when, DeviceException why) {
            passed = true;
            cause = why;
            nanos = when;
            notifyAll();
        }

        private synchronized void awaitQuietly() {
            while (!passed) {
                try {
                    wait();
                } catch (InterruptedException e) {
                    throw new AssertionError("a device is not interrupted", e);
                }
            }
        }

        @Override
        public synchronized boolean isPassed() {
            device.requireThere();
            requireOpen();
            if (refusesQueries) {
                throw new DeviceException("the fake device does not tell of an event");
            }
            if (cause != null) {
                throw new DeviceException("event failed: " + cause.getMessage(), cause);
            }
            return passed;
        }

        @Override
        public synchronized void await() {
            requireOpen();
            awaitedByHost = true;
            awaitQuietly();
            isPassed();
        }

        @Override
        public synchronized long passedNanos() {
            requireOpen();
            if (!passed) {
                throw new IllegalStateException("the event has not passed");
            }
            return nanos;
        }

        private void requireOpen() {
            if (closed) {
                device.bytes().violated("a closed event is used");
            }
        }

        @Override
        public synchronized void close() {
            if (!closed) {
                closed = true;
                device.openEvents().decrementAndGet();
            }
        }
    }

    private void run() {
        for (Op op = take(); !op.isLast(); op = take()) {
            if (random.nextInt(4) == 0) {
                LockSupport.parkNanos(random.nextInt(200_000));
            }
            boolean failing;
            synchronized (this) {
                failing = failure != null;
            }
            if (!failing || op.nanos() < 0) {
                op.action().run();
            }
            synchronized (this) {
                clock += failing ? 0 : Math.max(0, op.nanos());
                busy = false;
                notifyAll();
            }
        }
    }

    private Op take() {
        synchronized (this) {
            awaitThat(() -> !queue.isEmpty());
        }
        await(gate);
        synchronized (this) {
            busy = true;
            return queue.removeFirst();
        }
    }

    private synchronized void awaitThat(BooleanSupplier condition) {
        while (!condition.getAsBoolean()) {
            try {
                wait();
            } catch (InterruptedException e) {
                throw new AssertionError("a device is not interrupted", e);
            }
        }
    }

    private boolean isIdle() {
        return !busy && queue.isEmpty();
    }

    private synchronized void enqueue(long nanos, Runnable action) {
        queue.addLast(new Op(action, nanos, false));
        notifyAll();
    }

    /** Enqueues a kernel. */
    void launch(long nanos, Runnable kernel) {
        device.requireThere();
        enqueue(nanos, kernel);
    }

    /** Enqueues a kernel that fails. */
    void launchFailing() {
        enqueue(1, () -> fail(new DeviceException("injected fault in a kernel")));
    }

    /**
     * A kernel that takes until it is let go.
     *
     * @param reached at 0 when the stream has come to it
     * @param opened ends it at 0
     */
    record Barrier(CountDownLatch reached, CountDownLatch opened) {}

    /** Enqueues a kernel that waits for the host, in no time of the stream's clock. */
    Barrier launchBarrier() {
        Barrier barrier = new Barrier(new CountDownLatch(1), new CountDownLatch(1));
        launch(
                0,
                () -> {
                    barrier.reached().countDown();
                    await(barrier.opened());
                });
        return barrier;
    }

    /** Holds all work back until the latch that this returns is at 0. */
    CountDownLatch hold() {
        CountDownLatch latch = new CountDownLatch(1);
        gate = latch;
        awaitedByHost = false;
        return latch;
    }

    /** Refuses to record events from now on, or not. */
    void refuseRecords(boolean isRefused) {
        refusesRecords = isRefused;
    }

    /** Refuses to tell whether its events have passed from now on, or not. */
    void refuseQueries(boolean isRefused) {
        refusesQueries = isRefused;
    }

    /** Whether a thread of the host has begun to wait for it or its events since {@link #hold}. */
    boolean isAwaitedByHost() {
        return awaitedByHost;
    }

    /** Bytes of the uploads that it has done. */
    long uploadedBytes() {
        return uploadedBytes.get();
    }

    /** Waits until the stream waits for an event that has not passed, or has nothing to do. */
    synchronized boolean isBlockedByEvent() {
        awaitThat(() -> isAwaiting() || isIdle());
        return isAwaiting();
    }

    private boolean isAwaiting() {
        return awaited != null && !awaited.passed;
    }

    /** Waits until there is nothing to do; a failure stays. */
    synchronized void awaitIdle() {
        awaitThat(this::isIdle);
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new AssertionError("a device is not interrupted", e);
        }
    }

    private synchronized void fail(DeviceException e) {
        failure = failure == null ? e : failure;
    }

    @Override
    public void upload(long hostSource, long target, long sizeBytes) {
        device.requireThere();
        device.beforeUpload();
        int number = device.uploads().getAndIncrement();
        enqueue(
                sizeBytes,
                () -> {
                    if (device.failingUploads().remove(number)) {
                        await(device.faultGate());
                        fail(new DeviceException("injected fault in upload " + number));
                    } else {
                        device.bytes().upload(hostSource, target, sizeBytes);
                        uploadedBytes.addAndGet(sizeBytes);
                    }
                });
    }

    @Override
    public void download(
            long source, long hostTarget, long hostStrideBytes, long rowBytes, int rows) {
        throw new UnsupportedOperationException("weights only go to the device");
    }

    @Override
    public void copy(long source, long target, long sizeBytes) {
        device.requireThere();
        enqueue(sizeBytes, () -> device.bytes().copy(source, target, sizeBytes));
    }

    @Override
    public DeviceEvent record() {
        device.requireThere();
        if (refusesRecords) {
            throw new DeviceException("the fake device records no event");
        }
        FakeEvent event = new FakeEvent();
        device.openEvents().incrementAndGet();
        enqueue(
                -1,
                () -> {
                    DeviceException why;
                    long when;
                    synchronized (this) {
                        why = failure;
                        when = clock;
                    }
                    event.pass(when, why);
                });
        return event;
    }

    @Override
    public void await(DeviceEvent event) {
        device.requireThere();
        FakeEvent other = (FakeEvent) event;
        other.requireOpen();
        enqueue(
                -1,
                () -> {
                    setAwaited(other);
                    other.awaitQuietly();
                    setAwaited(null);
                    synchronized (this) {
                        clock = Math.max(clock, other.nanos);
                        failure = failure == null ? other.cause : failure;
                    }
                });
    }

    private synchronized void setAwaited(FakeEvent event) {
        awaited = event;
        notifyAll();
    }

    @Override
    public void flush() {
        device.requireThere();
    }

    @Override
    public synchronized void synchronize() {
        awaitedByHost = true;
        awaitIdle();
        DeviceException thrown = failure;
        failure = null;
        if (thrown != null) {
            throw new DeviceException("stream failed: " + thrown.getMessage(), thrown);
        }
        device.requireThere();
    }

    @Override
    public void close() {
        synchronized (this) {
            queue.addLast(END);
            notifyAll();
        }
        try {
            thread.join();
        } catch (InterruptedException e) {
            throw new AssertionError("a device is not interrupted", e);
        }
    }
}
