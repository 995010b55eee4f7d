/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.stream;

import io.offloadstream.platform.Interrupts;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/** Lets passes run one at a time, in order of arrival. Guarded by the pipeline's lock. */
final class Turns {

    private final Condition changed;
    private final Deque<Thread> queue = new ArrayDeque<>();
    private Thread holder;
    private OpenPass pass;
    private boolean closed;
    private boolean released;

    Turns(ReentrantLock lock) {
        changed = lock.newCondition();
    }

    /**
     * Waits for a turn.
     *
     * @throws PassCancelledException if the thread is interrupted, or the stream closed
     */
    void take() {
        Thread me = Thread.currentThread();
        if (holder == me) {
            throw new IllegalStateException(
                    "this thread has a pass open already; close it before the next one begins");
        }
        queue.addLast(me);
        try {
            while (!closed && (holder != null || queue.peekFirst() != me)) {
                changed.await();
            }
            if (closed) {
                throw new PassCancelledException("the weight stream is closed");
            }
            holder = me;
        } catch (InterruptedException e) {
            Interrupts.restore();
            throw new PassCancelledException("interrupted while waiting for the turn of a pass");
        } finally {
            queue.remove(me);
            changed.signalAll();
        }
    }

    /** Names the pass of the thread whose turn it is. */
    void began(OpenPass opened) {
        pass = opened;
        if (closed) {
            opened.cancel("the weight stream was closed");
        }
    }

    /** Lets the next thread have its turn. */
    void end() {
        holder = null;
        pass = null;
        changed.signalAll();
    }

    /**
     * Refuses further turns, cancels the pass that is open and waits until it has ended. A pass of
     * the calling thread is ended right here. Who comes second waits for {@link #released}: what a
     * pass still reads is not to be freed by whoever closes in a hurry.
     *
     * @return false if turns had been closed before
     */
    boolean close() {
        boolean first = !closed;
        closed = true;
        changed.signalAll();
        if (pass != null) {
            pass.cancel("the weight stream was closed");
            if (holder == Thread.currentThread()) {
                pass.close();
            }
        }
        while (first ? holder != null : !released) {
            changed.awaitUninterruptibly();
        }
        return first;
    }

    /** Lets go those who wait for the one that closed first. */
    void released() {
        released = true;
        changed.signalAll();
    }
}
