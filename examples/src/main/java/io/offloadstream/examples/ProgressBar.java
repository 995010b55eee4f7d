/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.examples;

import io.offloadstream.model.StreamedModel;
import java.io.Console;
import java.io.PrintWriter;
import java.util.function.LongSupplier;

/** A bar for the pass that runs, on a terminal only. */
final class ProgressBar implements AutoCloseable {

    private static final int WIDTH = 30;
    private static final long REDRAW_NANOS = 100_000_000L;

    private final PrintWriter terminal;
    private final LongSupplier clock;
    private long drawnNanos;
    private int drawnLength;
    private boolean finished;

    /**
     * Makes a bar that shows.
     *
     * @param terminal what it is drawn on
     * @param clock the time in nanoseconds
     */
    ProgressBar(PrintWriter terminal, LongSupplier clock) {
        this.terminal = terminal;
        this.clock = clock;
        drawnNanos = clock.getAsLong();
    }

    /**
     * Follows the passes of a model.
     *
     * @param err the writer of standard error
     * @param model an open model
     * @return the bar, which stays invisible where nobody looks
     */
    static ProgressBar on(PrintWriter err, StreamedModel model) {
        ProgressBar bar = new ProgressBar(err, System::nanoTime);
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
        ProgressBar bar = new ProgressBar(err, System::nanoTime);
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
        long now = clock.getAsLong();
        if (finished || now - drawnNanos < REDRAW_NANOS) {
            return;
        }
        drawnNanos = now;
        int filled = (int) ((long) WIDTH * done / total);
        String bar = "#".repeat(filled) + ".".repeat(WIDTH - filled);
        String line = "[" + bar + "] " + done + "/" + total;
        // over all of a longer line
        terminal.print("\r" + line + " ".repeat(Math.max(0, drawnLength - line.length())));
        drawnLength = Math.max(drawnLength, line.length());
        terminal.flush();
    }

    /** Wipes the bar; nothing more is drawn. */
    synchronized void finish() {
        finished = true;
        if (drawnLength > 0) {
            terminal.print("\r" + " ".repeat(drawnLength) + "\r");
            terminal.flush();
            drawnLength = 0;
        }
    }

    @Override
    public void close() {
        finish();
    }
}
