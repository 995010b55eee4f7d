/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.model;

import io.offloadstream.device.Backend;
import io.offloadstream.device.DeviceLedger;
import io.offloadstream.device.DeviceMemory;
import io.offloadstream.plan.PlanRequest.Term;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What a model may have of a device's memory when it is planned.
 *
 * @param memory of the device
 * @param givenBytes {@code deviceMemory}: for the context and all models of this process
 * @param heldBytes what other models of this process claim of it
 */
record DeviceBudget(DeviceMemory memory, long givenBytes, long heldBytes) {

    /** Looks the device up. Empty where kernels compute in host memory. */
    static Optional<DeviceBudget> of(DeviceOptions options, Backend backend) {
        DeviceLedger ledger = DeviceLedger.PROCESS;
        return backend.memory()
                .map(
                        memory ->
                                new DeviceBudget(
                                        memory,
                                        options.deviceMemoryBytes(
                                                memory.totalBytes(), ledger.reachableBytes(memory)),
                                        ledger.heldBytes(memory.device())));
    }

    /** What a model may still have, before it is planned. */
    long leftBytes() {
        return givenBytes - memory.contextBytes() - memory.libraryBytes() - heldBytes;
    }

    /** What is charged before the model takes anything. */
    List<Term> terms() {
        List<Term> terms = new ArrayList<>();
        if (memory.contextBytes() > 0) {
            terms.add(new Term("driver and context", memory.contextBytes()));
        }
        if (memory.libraryBytes() > 0) {
            terms.add(new Term("cuBLAS", memory.libraryBytes()));
        }
        if (heldBytes > 0) {
            terms.add(new Term("other models on " + memory.device(), heldBytes));
        }
        return terms;
    }

    /**
     * Claims what a plan charges and what requests may take beyond it.
     *
     * @param chargedBytes by the plan, {@link #terms} included
     * @return empty if another model was faster
     */
    Optional<DeviceLedger.Claim> claim(long chargedBytes) {
        long before = memory.contextBytes() + heldBytes;
        long prompts = givenBytes / RequestSizes.PROMPT_SHARE * 2;
        long wanted = Math.min(givenBytes - before, chargedBytes - before + prompts);
        return DeviceLedger.PROCESS.claim(memory, givenBytes, wanted);
    }

    /**
     * Claims memory beside what the vendor's library takes, for a while.
     *
     * @return empty if another model was faster
     */
    Optional<DeviceLedger.Claim> claimBeside(long sizeBytes) {
        return DeviceLedger.PROCESS.claim(memory, givenBytes, memory.libraryBytes() + sizeBytes);
    }
}
