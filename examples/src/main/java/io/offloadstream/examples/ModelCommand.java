/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.examples;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import picocli.CommandLine.Option;

/** What the commands that open a model share: the directory, the options, where to print. */
abstract class ModelCommand extends ConsoleCommand implements Main.OpensModel {

    @Option(
            names = "--model",
            paramLabel = "DIR",
            description =
                    "Model directory as the Hugging Face hub publishes it. Default: the storyteller"
                            + " inside this jar, under a budget that holds some of its blocks.")
    private Path model;

    /** Tells whether the model inside the jar runs, for want of another. */
    boolean isStoryteller() {
        return model == null;
    }

    /** Returns the model directory, unpacking the storyteller if none was given. */
    Path modelDirectory() {
        if (isStoryteller()) {
            return Storyteller.unpack();
        }
        if (!Files.isDirectory(model)) {
            throw usage("--model " + model + " is no directory");
        }
        return model;
    }

    /** Returns the options given as flags, over those that suit the storyteller if it runs. */
    Map<String, String> optionValues() {
        Map<String, String> values = ModelFlags.values(command());
        if (isStoryteller()) {
            values.putIfAbsent("hostMemory", Storyteller.HOST_MEMORY);
            values.putIfAbsent("maxSequenceLength", Storyteller.MAX_SEQUENCE_LENGTH);
        }
        return values;
    }
}
