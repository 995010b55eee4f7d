/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.examples;

import io.offloadstream.device.Backend;
import io.offloadstream.model.MachineSpeed;
import io.offloadstream.model.ModelOptions;
import io.offloadstream.model.StreamedModel;
import io.offloadstream.plan.Bandwidths;
import io.offloadstream.platform.MemorySize;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Streams a checkpoint of random weights: a try-out of a size that needs no download. */
@Command(
        name = "dry-run",
        sortOptions = false,
        description = "Makes a Llama of random weights of a given size and streams it.")
final class DryRunCommand extends ConsoleCommand implements Main.OpensModel, Callable<Integer> {

    private static final int PROMPT_TOKENS = 16;
    private static final long SEED = 20260121;

    @Option(
            names = "--size",
            paramLabel = "SIZE",
            required = true,
            description = "Bytes of weights, such as 2GB; at least 8MB.")
    private String size;

    @Option(
            names = "--directory",
            paramLabel = "DIR",
            description =
                    "Where to keep the checkpoint; one of the same size that is there is used."
                            + " Default: a temporary directory that is removed.")
    private Path directory;

    @Option(
            names = "--tokens",
            paramLabel = "N",
            defaultValue = "8",
            description = "Tokens to make. Default: ${DEFAULT-VALUE}.")
    private int tokens;

    @Override
    public Integer call() {
        LlamaShape shape = shape(size);
        if (tokens < 1) {
            throw usage("--tokens must be at least 1, is " + tokens);
        }
        Map<String, String> values = ModelFlags.values(command());
        values.putIfAbsent("maxSequenceLength", Integer.toString(PROMPT_TOKENS + tokens));
        parse(values);
        if (directory != null) {
            stream(directory, shape, values);
        } else {
            try (TemporaryDirectory temporary = TemporaryDirectory.create("offloadstream-dry")) {
                stream(temporary.path(), shape, values);
            }
        }
        return 0;
    }

    private void stream(Path target, LlamaShape shape, Map<String, String> values) {
        new SyntheticCheckpoint(shape, SEED).make(target, out());
        Bandwidths bandwidths = bandwidths(target.resolve(SyntheticCheckpoint.FILE), values);
        try (StreamedModel model = StreamedModel.open(target, parse(values));
                TokenRun run = new TokenRun(model);
                ProgressBar bar = ProgressBar.on(err(), model)) {
            out().println(model.plan().table(bandwidths));
            long begin = System.nanoTime();
            int token = run.next(TokenRun.prompt(PROMPT_TOKENS, shape.vocab()));
            long prompt = System.nanoTime();
            for (int i = 1; i < tokens; i++) {
                token = run.next(token);
            }
            long end = System.nanoTime();
            bar.finish();
            out().printf(
                            Locale.ROOT,
                            "prompt of %d tokens  %.3f s%n",
                            PROMPT_TOKENS,
                            (prompt - begin) / 1e9);
            if (tokens > 1) {
                out().printf(
                                Locale.ROOT,
                                "each token after it  %.3f s%n",
                                (end - prompt) / 1e9 / (tokens - 1));
            }
            out().println(model.report());
            out().printf(Locale.ROOT, "most of the budget in use  %s%n", peak(model));
        }
    }

    /** Before the model takes memory, for measuring takes some too. */
    private Bandwidths bandwidths(Path file, Map<String, String> values) {
        ModelOptions options = parse(values);
        try (Backend backend = options.openBackend()) {
            return MachineSpeed.find(backend, file, options);
        }
    }

    private static String peak(StreamedModel model) {
        return MemorySize.format(model.budget().peakBytes())
                + " of "
                + MemorySize.format(model.budget().limitBytes());
    }
}
