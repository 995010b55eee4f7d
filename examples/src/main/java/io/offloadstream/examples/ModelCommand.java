/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.examples;

import io.offloadstream.model.ModelOptions;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** What the commands that open a model share: the directory, the options, where to print. */
abstract class ModelCommand extends ConsoleCommand implements Main.OpensModel {

    @Option(
            names = "--model",
            paramLabel = "DIR",
            description =
                    "Model directory as the Hugging Face hub publishes it. Default: the storyteller"
                            + " inside this jar, under a budget that holds some of its blocks.")
    private Path model;

    /** Returns the model directory, unpacking the storyteller if none was given. */
    Path modelDirectory() {
        if (model == null) {
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
        if (model == null) {
            values.putIfAbsent("hostMemory", Storyteller.HOST_MEMORY);
            values.putIfAbsent("maxSequenceLength", Storyteller.MAX_SEQUENCE_LENGTH);
        }
        return values;
    }

    /** Parses options; what they do not allow is a usage error. */
    ModelOptions parse(Map<String, String> values) {
        try {
            return ModelOptions.parse(values);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(command().commandLine(), e.getMessage(), e);
        }
    }
}
