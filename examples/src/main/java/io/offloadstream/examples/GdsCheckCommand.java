/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.examples;

import io.offloadstream.device.Backend;
import io.offloadstream.device.Backends;
import io.offloadstream.ops.ComputeType;
import io.offloadstream.platform.DeviceException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Tells what GPUDirect Storage does on this machine, for one file. */
@Command(
        name = "gds-check",
        sortOptions = false,
        description =
                "Tells whether GPUDirect Storage reads a file past host memory, what that is known"
                        + " by, and how fast it is beside direct io.")
final class GdsCheckCommand extends ConsoleCommand implements Callable<Integer> {

    private static final int MOST_THREADS = 256;

    @Parameters(
            paramLabel = "FILE",
            description = "A large file on the file system in question, for example a model's.")
    private Path file;

    @Option(
            names = "--device-id",
            paramLabel = "N",
            defaultValue = "-1",
            description = "The card, as offloadstream devices counts them. Default: the first.")
    private int deviceId;

    @Option(
            names = "--read-threads",
            paramLabel = "N",
            defaultValue = "8",
            description = "Requests in flight. Default: ${DEFAULT-VALUE}.")
    private int threads;

    @Option(
            names = "--seconds",
            paramLabel = "S",
            defaultValue = "4",
            description = "How long each way is measured. Default: ${DEFAULT-VALUE}.")
    private double seconds;

    @Override
    public Integer call() throws IOException {
        if (!Files.isRegularFile(file) || Files.size(file) == 0) {
            throw usage(file + " is no regular file with something in it");
        }
        if (threads < 1 || threads > MOST_THREADS || !(seconds > 0)) {
            throw usage("--read-threads is 1 to " + MOST_THREADS + ", --seconds more than 0");
        }
        Backend card = null;
        String problem = null;
        try {
            card = Backends.open("cuda", deviceId, 1, ComputeType.FLOAT32);
        } catch (DeviceException e) {
            problem = e.getMessage();
        } catch (IllegalArgumentException e) {
            throw usage(e.getMessage());
        }
        try (Backend backend = card == null ? processor() : card) {
            new GdsCheck(out(), backend, file, threads, seconds).run(problem);
        }
        return 0;
    }

    private static Backend processor() {
        return Backends.open("cpu", Backends.ANY_DEVICE, 1, ComputeType.FLOAT32);
    }
}
