/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.examples;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/**
 * The {@code offloadstream} command line. Exit codes: 0, 1 when the work failed (one line says
 * why), 2 for arguments that it does not understand.
 */
@Command(
        name = "offloadstream",
        description = "Runs transformers larger than memory by streaming their blocks from disk.",
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {
            GenerateCommand.class,
            PlanCommand.class,
            DryRunCommand.class,
            ConvertCommand.class,
            DevicesCommand.class,
            BenchCommand.class,
            BenchCaseCommand.class,
            GdsCheckCommand.class,
        })
public final class Main implements Runnable {

    @Spec private CommandSpec command;

    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            scope = ScopeType.INHERIT,
            description = "Show this help.")
    @SuppressWarnings("UnusedVariable") // picocli acts on it
    private boolean help;

    @Option(
            names = "--verbose",
            scope = ScopeType.INHERIT,
            description = "Show stack traces and the log.")
    private boolean verbose;

    private Main() {}

    /**
     * Runs the command line and ends the JVM with its exit code.
     *
     * @param args see {@code --help}
     */
    public static void main(String[] args) {
        // Always UTF-8: the JVM would write '?' for most characters where no locale is set.
        PrintWriter out = utf8(FileDescriptor.out);
        PrintWriter err = utf8(FileDescriptor.err);
        System.exit(run(out, err, args));
    }

    private static PrintWriter utf8(FileDescriptor target) {
        return new PrintWriter(new FileOutputStream(target), true, StandardCharsets.UTF_8);
    }

    /**
     * Runs the command line.
     *
     * @param out results
     * @param err messages, progress and statistics
     * @param args arguments
     * @return the exit code
     */
    static int run(PrintWriter out, PrintWriter err, String... args) {
        Main main = new Main();
        CommandLine line = new CommandLine(main);
        for (CommandLine sub : line.getSubcommands().values()) {
            if (sub.getCommand() instanceof OpensModel) {
                ModelFlags.addTo(sub.getCommandSpec());
            }
        }
        // A prompt may start with an @, which is no file of arguments.
        line.setExpandAtFiles(false);
        line.setOut(out);
        line.setErr(err);
        line.setExecutionStrategy(
                parsed -> {
                    main.configureLog();
                    return new CommandLine.RunLast().execute(parsed);
                });
        line.setExecutionExceptionHandler((e, where, parsed) -> main.failed(e, err));
        int code = line.execute(args);
        out.flush();
        err.flush();
        return code;
    }

    private void configureLog() {
        String level = "org.slf4j.simpleLogger.defaultLogLevel";
        if (System.getProperty(level) == null) {
            System.setProperty(level, verbose ? "info" : "warn");
            // DJL looks for GPUs and warns where their driver is missing; nothing here uses one.
            System.setProperty("org.slf4j.simpleLogger.log.ai.djl.util.cuda", "error");
        }
    }

    private int failed(Exception e, PrintWriter err) {
        if (verbose) {
            e.printStackTrace(err);
        } else {
            err.println("offloadstream: " + oneLine(e));
        }
        return CommandLine.ExitCode.SOFTWARE;
    }

    /** The message of the deepest exception that only wraps another, and of its cause. */
    private static String oneLine(Throwable e) {
        Throwable shown = e;
        while (shown.getCause() != null
                && (shown.getMessage() == null
                        || shown.getMessage().equals(shown.getCause().toString()))) {
            shown = shown.getCause();
        }
        String message = shown.getMessage() == null ? shown.toString() : shown.getMessage();
        Throwable cause = shown.getCause();
        if (cause != null && cause.getMessage() != null && !message.contains(cause.getMessage())) {
            message += ": " + cause.getMessage();
        }
        return message.replaceAll("\\s*\\R\\s*", " ");
    }

    /** A bare {@code offloadstream} is a usage error. */
    @Override
    public void run() {
        throw new ParameterException(command.commandLine(), "Missing command");
    }

    /** A subcommand that opens a model, and so takes all model options. */
    interface OpensModel {}
}
