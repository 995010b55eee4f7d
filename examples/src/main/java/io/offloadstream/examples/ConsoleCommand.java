/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.examples;

import io.offloadstream.model.ModelOptions;
import io.offloadstream.platform.MemorySize;
import java.io.PrintWriter;
import java.util.Map;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** What all commands share: where to print, and what to do about bad arguments. */
abstract class ConsoleCommand {

    @Spec private CommandSpec command;

    /** Returns the command as picocli sees it. */
    CommandSpec command() {
        return command;
    }

    /** Parses {@code --size} of a checkpoint to be made. */
    LlamaShape shape(String size) {
        try {
            return LlamaShape.ofSize(MemorySize.parse("--size", size, 0));
        } catch (IllegalArgumentException e) {
            throw usage(e.getMessage());
        }
    }

    /** Parses options; what they do not allow is a usage error. */
    ModelOptions parse(Map<String, String> values) {
        try {
            return ModelOptions.parse(values);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(command.commandLine(), e.getMessage(), e);
        }
    }

    /** Makes the exception for arguments that cannot be right. */
    ParameterException usage(String message) {
        return new ParameterException(command.commandLine(), message);
    }

    /** Returns where results go. */
    PrintWriter out() {
        return command.commandLine().getOut();
    }

    /** Returns where messages go. */
    PrintWriter err() {
        return command.commandLine().getErr();
    }
}
