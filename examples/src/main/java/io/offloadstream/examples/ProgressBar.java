/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.examples;

import io.offloadstream.model.StreamedModel;
import java.io.Console;
import java.io.PrintWriter;

/** A bar for the pass that runs, on a terminal only. */
final class ProgressBar implements AutoCloseable {

    private static final int WIDTH = 30;
    private static final long REDRAW_NANOS = 100_000_000L;

    private final PrintWriter terminal;
    private long drawnNanos;
    private boolean drawn;
    private boolean finished;

    private ProgressBar(PrintWriter terminal) {
        this.terminal = terminal;
        drawnNanos = System.nanoTime();
    }

    /**
     * Follows the passes of a model.
     *
     * @param err the writer of standard error
     * @param model an open model
     * @return the bar, which stays invisible where nobody looks
     */
    static ProgressBar on(PrintWriter err, StreamedModel model) {
        ProgressBar bar = new ProgressBar(err);
        if (isTerminal()) {
            model.setProgress(bar::advanced);
        }
        return bar;
    }

    /**
     * Makes a bar for work that is not a pass.
     *
     * @param err the writer of standard error
     * @return the bar, told by {@link #advanced}; invisible where nobody looks
     */
    static ProgressBar on(PrintWriter err) {
        ProgressBar bar = new ProgressBar(err);
        bar.finished = !isTerminal();
        return bar;
    }

    /** Newer JDKs have a console where there is no terminal, and a method that tells. */
    @SuppressWarnings("SystemConsoleNull")
    private static boolean isTerminal() {
        Console console = System.console();
        if (console == null) {
            return false;
        }
        try {
            return (boolean) Console.class.getMethod("isTerminal").invoke(console);
        } catch (ReflectiveOperationException e) {
            return true; // JDK 17 to 21: there is a console only on a terminal.
        }
    }

    /** Draws at most ten times a second, and nothing at all while passes are quicker than that. */
    synchronized void advanced(int done, int total) {
        long now = System.nanoTime();
        if (finished || now - drawnNanos < REDRAW_NANOS) {
            return;
        }
        drawnNanos = now;
        drawn = true;
        int filled = WIDTH * done / total;
        terminal.print(
                "\r["
                        + "#".repeat(filled)
                        + ".".repeat(WIDTH - filled)
                        + "] "
                        + done
                        + "/"
                        + total);
        terminal.flush();
    }

    /** Wipes the bar; nothing more is drawn. */
    synchronized void finish() {
        finished = true;
        if (drawn) {
            terminal.print("\r" + " ".repeat(WIDTH + 16) + "\r");
            terminal.flush();
            drawn = false;
        }
    }

    @Override
    public void close() {
        finish();
    }
}
