/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.model;

import io.offloadstream.device.Backend;
import io.offloadstream.device.Budgets;
import io.offloadstream.device.Workspace;
import io.offloadstream.ops.Ops;
import io.offloadstream.ops.Phase;
import io.offloadstream.platform.BudgetExceededException;
import io.offloadstream.platform.DeviceException;
import io.offloadstream.platform.DeviceMemoryException;
import io.offloadstream.platform.Owned;
import java.util.EnumMap;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The memory that a request computes in: scratch for a chunk of rows, and buffers for the rows of a
 * pass. A model owns one of the least size, which decoding never exceeds; a prompt takes a larger
 * one while it runs, so that it needs fewer passes over the weights and fewer chunks, as far as the
 * budget allows. Results do not depend on which.
 */
final class RequestMemory implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(RequestMemory.class);

    private final Backend backend;
    private final int chunkRows;
    private final PassBuffers buffers;
    private final Workspace workspace;
    private final Map<Phase, Ops> ops = new EnumMap<>(Phase.class);

    private RequestMemory(
            ModelPlan plan, Backend backend, Budgets budgets, int chunkRows, int passRows) {
        this.backend = backend;
        this.chunkRows = chunkRows;
        this.buffers =
                new PassBuffers(
                        backend,
                        budgets,
                        passRows,
                        plan.decoder().hiddenSize(),
                        plan.decoder().rope().orElse(null));
        Workspace opened = null;
        try {
            opened =
                    backend.newWorkspace(
                            budgets.host(),
                            budgets.device(),
                            plan.sizes().rowBytes(),
                            plan.sizes().scratchBytes(chunkRows),
                            plan.sizes().attentionBytes(chunkRows));
        } finally {
            if (opened == null) {
                buffers.close();
            }
        }
        this.workspace = opened;
    }

    /** What a model always has. */
    static RequestMemory least(ModelPlan plan, Backend backend, Budgets budgets) {
        return new RequestMemory(
                plan, backend, budgets, RequestSizes.LEAST_ROWS, plan.sizes().passRows());
    }

    /**
     * The most that the budget holds, and the device gives, for a prompt.
     *
     * @param rows rows of the prompt
     * @param leavesEnough whether what is left is enough for the weights of a pass
     * @param refused told when the device gives less than the budget holds
     * @return null if that is no more than the least
     */
    static RequestMemory forPrompt(
            ModelPlan plan,
            Backend backend,
            Budgets budgets,
            int rows,
            BooleanSupplier leavesEnough,
            Consumer<DeviceMemoryException> refused) {
        RequestSizes sizes = plan.sizes();
        int passRows = Math.min(rows, sizes.mostPassRows());
        while (passRows > sizes.passRows()) {
            try {
                int chunkRows = sizes.chunkRows(passRows, budgets.device().availableBytes());
                RequestMemory memory =
                        new RequestMemory(plan, backend, budgets, chunkRows, passRows);
                if (leavesEnough.getAsBoolean()) {
                    return memory;
                }
                memory.close();
            } catch (BudgetExceededException e) {
                LOG.debug("{} rows at a time do not fit: {}", passRows, e.getMessage());
            } catch (DeviceMemoryException e) {
                refused.accept(e);
            }
            passRows /= 2;
        }
        return null;
    }

    int chunkRows() {
        return chunkRows;
    }

    PassBuffers buffers() {
        return buffers;
    }

    Workspace workspace() {
        return workspace;
    }

    /** The operators for a request of this phase. */
    Ops ops(Phase phase) {
        return ops.computeIfAbsent(phase, wanted -> backend.ops(workspace, wanted));
    }

    /**
     * Runs work and waits until the device has done all of it, also if it fails: then what it used
     * may be freed. What the device reports is thrown unless the work has failed before.
     */
    void compute(Runnable work) {
        boolean done = false;
        try {
            work.run();
            done = true;
        } finally {
            if (!done) {
                stop();
            }
        }
        synchronize();
    }

    /** Waits for the end of work that has failed already. */
    private void stop() {
        try {
            synchronize();
        } catch (DeviceException e) {
            LOG.debug("the device reports after a failed pass: {}", e.getMessage());
        }
    }

    /** Waits until what was enqueued has ended: then its memory may be written, read and freed. */
    void synchronize() {
        backend.computeStream().synchronize();
    }

    @Override
    public void close() {
        Owned.closeAll(workspace, buffers);
    }
}
