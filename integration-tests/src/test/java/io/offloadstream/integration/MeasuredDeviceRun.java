/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.integration;

import io.offloadstream.device.Backend;
import io.offloadstream.device.Workspace;
import io.offloadstream.model.ModelOptions;
import io.offloadstream.model.StreamedModel;
import io.offloadstream.ops.Ops;
import io.offloadstream.ops.Phase;
import io.offloadstream.ops.Tensor;
import io.offloadstream.platform.Activation;
import io.offloadstream.platform.DType;
import io.offloadstream.platform.MemoryBudget;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/**
 * The main class of a JVM whose memory is measured: makes three tokens on an OpenCL device whose
 * memory is the process's. Arguments: the model, hostMemory, deviceMemory, the file that takes the
 * {@link Peaks}.
 */
final class MeasuredDeviceRun {

    private static final long SMALL_BYTES = 64 << 10;

    /**
     * The most memory at one time.
     *
     * @param processBytes of the process, as the kernel counts it
     * @param contextBytes what the process grew by for the driver, its compiler and a context that
     *     holds nothing
     * @param hostBytes reserved in the host's budget
     * @param deviceBytes reserved in the device's
     */
    record Peaks(long processBytes, long contextBytes, long hostBytes, long deviceBytes) {

        static Peaks parse(String text) {
            String[] parts = text.split(" ", 4);
            return new Peaks(
                    Long.parseLong(parts[0]),
                    Long.parseLong(parts[1]),
                    Long.parseLong(parts[2]),
                    Long.parseLong(parts[3]));
        }

        String format() {
            return processBytes + " " + contextBytes + " " + hostBytes + " " + deviceBytes;
        }
    }

    private MeasuredDeviceRun() {}

    public static void main(String[] arguments) throws IOException {
        Map<String, String> options = new HashMap<>();
        options.put("backend", "opencl");
        options.put("io", "direct");
        options.put("hostMemory", arguments[1]);
        options.put("deviceMemory", arguments[2]);
        options.put("maxSequenceLength", "64");
        ModelOptions parsed = ModelOptions.parse(options);
        long before = MeasuredRun.statusBytes("VmRSS:");
        openContext(parsed);
        long context = MeasuredRun.peakResidentBytes() - before;
        try (StreamedModel model = StreamedModel.open(Path.of(arguments[0]), parsed)) {
            int[] tokens = Runs.greedy(model, MeasuredRun.PROMPT, MeasuredRun.TOKENS);
            if (tokens.length != MeasuredRun.TOKENS) {
                throw new IllegalStateException("made " + tokens.length + " tokens");
            }
            Peaks peaks =
                    new Peaks(
                            MeasuredRun.peakResidentBytes(),
                            context,
                            model.budget().peakBytes(),
                            model.deviceBudget().peakBytes());
            Files.writeString(Path.of(arguments[3]), peaks.format());
        }
    }

    /** One small kernel: the compiler that finishes it is part of what the driver takes. */
    private static void openContext(ModelOptions options) {
        try (MemoryBudget budget = MemoryBudget.unlimited("context");
                Backend backend = options.openBackend();
                Workspace workspace = backend.newWorkspace(budget, budget, 1, SMALL_BYTES)) {
            Ops ops = backend.ops(workspace, Phase.DECODE);
            Tensor x = workspace.allocate(DType.F32, 1, 64);
            ops.activate(Activation.SILU, x);
            backend.computeStream().synchronize();
        }
    }
}
