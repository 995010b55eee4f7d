/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.model;

import io.offloadstream.cache.KvSequences;
import io.offloadstream.ops.Phase;
import io.offloadstream.platform.Interrupts;
import io.offloadstream.platform.Owned;
import io.offloadstream.stream.PassCancelledException;
import io.offloadstream.stream.StreamPass;
import java.util.function.Consumer;

/**
 * The state of a batch of sequences that advance together: their keys and values, masks and length.
 * Closing gives the memory back.
 *
 * <p>Used by one thread at a time, except {@link #cancel} and {@link #close}.
 */
public final class Session implements AutoCloseable {

    private final StreamedModel model;
    private final int batch;
    private final KvSequences kv;
    private int length;
    private Thread user;
    private boolean cancelled;
    private boolean closed;
    private boolean released;
    private StreamPass running;

    Session(StreamedModel model, int batch, KvSequences kv) {
        this.model = model;
        this.batch = batch;
        this.kv = kv;
    }

    /**
     * Returns the number of sequences.
     *
     * @return sequences
     */
    public int batch() {
        return batch;
    }

    /**
     * Returns how many slots of each sequence are taken, masked ones included.
     *
     * @return slots
     */
    public int length() {
        return length;
    }

    /**
     * Runs tokens through the model: in one pass over the weights, or in several when the hidden
     * state of all tokens does not fit the budget.
     *
     * @param input the tokens
     * @param output where results go
     * @throws IllegalArgumentException if the request is malformed or longer than {@code
     *     maxSequenceLength}; nothing has run then
     * @throws PassCancelledException if {@link #cancel} or {@link #close} ended it, or the thread
     *     was interrupted
     * @throws io.offloadstream.platform.OffloadStreamException if the pass fails; the session is
     *     then as it was before
     */
    public void forward(TokenBatch input, PassOutput output) {
        model.requestCheck().check(input, output, batch, length);
        int[] positions = TokenPositions.of(input, batch, length);
        model.requestCheck().checkPositions(positions);
        enter();
        try (Owned taken = new Owned()) {
            // a failed pass leaves no more pages than it found
            int before = length;
            taken.own(() -> kv.shrink(before));
            kv.grow(before + input.tokens());
            kv.setMask(length + input.tokens(), input.mask());
            try (RequestMemory larger = model.memoryForPrompt(batch * input.tokens())) {
                RequestMemory memory = larger == null ? model.memory() : larger;
                Phase phase = Phase.of((long) batch * input.tokens());
                int step = memory.buffers().rows() / batch;
                for (int begin = 0; begin < input.tokens(); begin += step) {
                    int end = Math.min(input.tokens(), begin + step);
                    Pass pass =
                            new Pass(
                                    model.modelPlan(),
                                    memory,
                                    phase,
                                    kv,
                                    input,
                                    positions,
                                    length,
                                    begin,
                                    end);
                    run(pass, memory, output, Pass.wantsLogits(output, input.tokens(), begin, end));
                }
            }
            length += input.tokens();
            taken.release();
        } finally {
            exit();
        }
    }

    private void run(Pass pass, RequestMemory memory, PassOutput output, boolean withHead) {
        int[] order = model.modelPlan().groups().order(withHead);
        try (StreamPass stream = model.stream().begin(order)) {
            started(stream);
            model.compute().lock();
            try {
                memory.compute(() -> pass.run(stream, output, model.progress()));
            } finally {
                model.compute().unlock();
            }
        } finally {
            started(null);
        }
    }

    private synchronized void started(StreamPass stream) {
        running = stream;
        if (stream != null && cancelled) {
            throw new PassCancelledException("the pass was cancelled while it waited for its turn");
        }
    }

    private synchronized void enter() {
        if (closed) {
            throw new IllegalStateException("the session is closed");
        }
        if (user != null) {
            throw new IllegalStateException("the session is in use by another thread");
        }
        user = Thread.currentThread();
        cancelled = false;
    }

    private synchronized void exit() {
        user = null;
        notifyAll();
    }

    /** Ends a running {@link #forward} from another thread. Without one it has no effect. */
    public synchronized void cancel() {
        cancelled = user != null;
        if (running != null) {
            running.cancel();
        }
    }

    /** Forgets everything: length 0, memory given back. */
    public void reset() {
        enter();
        try {
            kv.clear();
            length = 0;
        } finally {
            exit();
        }
    }

    /**
     * Forgets everything and takes slots for keys and values to be imported.
     *
     * @param slots the new length, at most {@code maxSequenceLength}
     */
    public void beginImport(int slots) {
        model.requestCheck().checkLength(slots, 0);
        enter();
        try {
            kv.clear();
            length = 0;
            kv.grow(slots);
            length = slots;
        } finally {
            exit();
        }
    }

    /**
     * Copies one layer's keys and values in, after {@link #beginImport}.
     *
     * @param layer from 0
     * @param keys address of (batch, kvHeads, length, headDim) float32
     * @param values address likewise
     */
    public void importKv(int layer, long keys, long values) {
        transfer(transfer -> transfer.copyIn(layer, batch, length, keys, values));
    }

    /**
     * Copies one layer's keys and values out, as DJL's CausalLMOutput has them.
     *
     * @param layer from 0
     * @param keys address for (batch, kvHeads, length, headDim) float32
     * @param values address likewise
     */
    public void exportKv(int layer, long keys, long values) {
        transfer(transfer -> transfer.copyOut(layer, batch, length, keys, values));
    }

    private void transfer(Consumer<KvTransfer> work) {
        enter();
        // copying uses the same operators and row map as a pass of the least size
        model.compute().lock();
        try {
            RequestMemory memory = model.memory();
            KvTransfer transfer = new KvTransfer(memory, kv, model.modelPlan().kvLayout());
            memory.compute(() -> work.accept(transfer));
        } finally {
            model.compute().unlock();
            exit();
        }
    }

    /**
     * Ends a running pass, waits for its end and gives the memory back. Twice has no effect, except
     * that who calls it while another thread does waits for that.
     *
     * @throws IllegalStateException if this thread is in the middle of {@link #forward}: called by
     *     what is told the progress; {@link #cancel} may be
     */
    @Override
    public void close() {
        synchronized (this) {
            requireNotOfThisThread();
            boolean first = !closed;
            closed = true;
            cancel();
            awaitUnused(first);
            if (!first) {
                return;
            }
        }
        try {
            kv.close();
        } finally {
            model.forget(this);
            synchronized (this) {
                released = true;
                notifyAll();
            }
        }
    }

    /** Refuses what waits for the end of a pass, if that is called by the pass itself. */
    synchronized void requireNotOfThisThread() {
        if (user == Thread.currentThread()) {
            throw new IllegalStateException(
                    "the session cannot be closed by the pass that it runs; cancel it and"
                            + " close it when forward has ended");
        }
    }

    /** Waits for the thread that computes, or for the one that closes already. */
    private void awaitUnused(boolean first) {
        boolean interrupted = false;
        while (first ? user != null : !released) {
            try {
                wait();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Interrupts.restore();
        }
    }
}
