/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.engine;

import io.offloadstream.model.Session;
import io.offloadstream.model.StreamedModel;
import io.offloadstream.platform.HostMemory;
import io.offloadstream.stream.PassCancelledException;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The sessions of one predictor, or of one call to a block that is used without our predictor.
 *
 * <p>Whoever computes or touches arrays of a request does so between {@link #enter} and {@link
 * #exit}. Closing from another thread ends what runs, waits for its {@link #exit}, and closes the
 * sessions that are left: after that nothing writes to memory of this owner any more.
 */
final class SessionScope implements AutoCloseable {

    /** How long {@link #close} waits for a cancelled pass before it cancels again. */
    private static final long RETRY_NANOS = 2_000_000;

    private final String owner;
    private final Set<SessionScope> siblings;
    private final ReentrantLock busy = new ReentrantLock();
    private final Set<Session> sessions = ConcurrentHashMap.newKeySet();
    private final Set<HostMemory> memory = ConcurrentHashMap.newKeySet();
    private volatile boolean closed;

    /**
     * Opens a scope.
     *
     * @param owner for messages
     * @param siblings the scopes of the model, which this one joins until closed
     */
    SessionScope(String owner, Set<SessionScope> siblings) {
        this.owner = owner;
        this.siblings = siblings;
        siblings.add(this);
    }

    /**
     * Begins work, waiting for work of another thread to end. May be nested.
     *
     * @throws PassCancelledException if the scope is closed
     */
    void enter() {
        busy.lock();
        if (closed) {
            busy.unlock();
            throw cancelled();
        }
    }

    /** Ends work. */
    void exit() {
        busy.unlock();
    }

    /**
     * Opens a session; work must have begun.
     *
     * @param model what runs it
     * @param batch number of sequences
     * @return the session, given back by {@link #release(Session)}
     */
    Session open(StreamedModel model, int batch) {
        Session session = model.newSession(batch);
        sessions.add(session);
        if (closed) {
            release(session);
            throw cancelled();
        }
        return session;
    }

    /**
     * Closes a session of this scope. Doing so twice has no effect.
     *
     * @param session from {@link #open}
     */
    void release(Session session) {
        if (sessions.remove(session)) {
            session.close();
        }
    }

    /**
     * Allocates memory for outputs that lives as long as a session does; work must have begun.
     *
     * @param model whose passes write there, and whose budget pays
     * @param purpose for messages
     * @param sizeBytes its size
     * @return the memory, given back by {@link #release(HostMemory)}
     */
    HostMemory allocate(StreamedModel model, String purpose, long sizeBytes) {
        HostMemory range = model.allocateOutput(purpose, sizeBytes);
        memory.add(range);
        return range;
    }

    /**
     * Frees memory of this scope. Doing so twice has no effect.
     *
     * @param range from {@link #allocate}
     */
    void release(HostMemory range) {
        if (memory.remove(range)) {
            range.close();
        }
    }

    /** Ends running work, waits for it, frees sessions and memory. Closing twice has no effect. */
    @Override
    public void close() {
        closed = true;
        afterWork(
                () -> {
                    sessions.forEach(this::release);
                    memory.forEach(this::release);
                    siblings.remove(this);
                });
    }

    /**
     * Ends running work of other threads, waits for it, and keeps more from beginning meanwhile.
     *
     * @param action frees what the work used
     */
    void afterWork(Runnable action) {
        while (!busy.tryLock()) {
            // a pass that begins just now would miss a single cancel, so repeat it until work has
            // ended; where this thread is interrupted it does not park, which only costs processor
            // time
            sessions.forEach(Session::cancel);
            LockSupport.parkNanos(this, RETRY_NANOS);
        }
        try {
            action.run();
        } finally {
            busy.unlock();
        }
    }

    private PassCancelledException cancelled() {
        return new PassCancelledException(owner + " is closed");
    }
}
