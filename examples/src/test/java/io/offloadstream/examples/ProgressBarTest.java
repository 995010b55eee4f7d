/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.examples;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertFalse;
import static org.testng.Assert.assertTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import org.testng.annotations.BeforeMethod;
import org.testng.annotations.Test;
import picocli.CommandLine;

/** What a terminal shows while something takes its time. */
public class ProgressBarTest {

    private static final long REDRAW_NANOS = 100_000_000L;

    private StringWriter shown;
    private long now;
    private ProgressBar bar;

    @BeforeMethod
    public void make() {
        shown = new StringWriter();
        now = 77;
        bar = new ProgressBar(new PrintWriter(shown), () -> now);
    }

    @Test
    public void itIsDrawnAtMostTenTimesASecondAndWipedAtTheEnd() {
        bar.advanced(1, 8);
        now += REDRAW_NANOS - 1;
        bar.advanced(2, 8);
        assertEquals(shown.toString(), "", "quick work shows nothing");
        now++;
        bar.advanced(3, 8);
        String first = "\r[" + "#".repeat(11) + ".".repeat(19) + "] 3/8";
        assertEquals(shown.toString(), first);
        bar.advanced(4, 8);
        now += REDRAW_NANOS;
        bar.advanced(8, 8);
        String second = "\r[" + "#".repeat(30) + "] 8/8";
        assertEquals(shown.toString(), first + second);
        bar.finish();
        String wiped = "\r" + " ".repeat(36) + "\r";
        assertEquals(shown.toString(), first + second + wiped);
        now += REDRAW_NANOS;
        bar.advanced(8, 8);
        bar.close();
        assertEquals(shown.toString(), first + second + wiped, "nothing more");
    }

    @Test
    public void nothingIsWipedWhereNothingWasDrawn() {
        bar.advanced(1, 8);
        bar.close();
        assertEquals(shown.toString(), "");
    }

    /** Mebibytes of the largest checkpoints: their product with the width is no int. */
    @Test
    public void largeNumbersAreDrawnAndWipedWhole() {
        now += REDRAW_NANOS;
        bar.advanced(1_500_000_000, 2_000_000_000);
        String line = "[" + "#".repeat(22) + ".".repeat(8) + "] 1500000000/2000000000";
        assertEquals(shown.toString(), "\r" + line);
        bar.finish();
        assertEquals(shown.toString(), "\r" + line + "\r" + " ".repeat(line.length()) + "\r");
    }

    /** The next pass begins anew. */
    @Test
    public void aShorterLineLeavesNothingOfALongerOne() {
        now += REDRAW_NANOS;
        bar.advanced(18, 21);
        now += REDRAW_NANOS;
        bar.advanced(2, 21);
        bar.finish();
        List<String> drawn = List.of(shown.toString().split("\r", -1));
        assertEquals(drawn.get(2), "[##" + ".".repeat(28) + "] 2/21 ");
        assertEquals(drawn.get(3), " ".repeat(38));
    }

    private static long full(String line) {
        return line.chars().filter(c -> c == '#').count();
    }

    @Test
    public void aConversionDrawsOneThatEndsFullBeforeItsReport() throws IOException {
        StringWriter out = new StringWriter();
        ProgressBar slow = new ProgressBar(new PrintWriter(shown), () -> now += REDRAW_NANOS);
        try (TemporaryDirectory folder = TemporaryDirectory.create("progress-test")) {
            ConvertCommand command = new ConvertCommand();
            CommandLine line = new CommandLine(command);
            line.setOut(new PrintWriter(out));
            line.parseArgs(
                    Storyteller.unpack().toString(), folder.path().resolve("copy").toString());
            command.convert(slow);
        }
        List<String> drawn = List.of(shown.toString().split("\r"));
        int last = drawn.size() - 2;
        assertTrue(drawn.get(last).startsWith("[" + "#".repeat(30) + "] "), "" + drawn);
        assertTrue(drawn.get(last + 1).isBlank(), "wiped");
        List<Long> filled = drawn.subList(1, last + 1).stream().map(ProgressBarTest::full).toList();
        assertEquals(filled, filled.stream().sorted().toList());
        assertTrue(filled.get(0) < 30, "" + drawn);
        assertFalse(out.toString().isBlank());
    }
}
