/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.examples;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.testng.annotations.Test;

/** The programs that users copy run as they are, on the storyteller. */
public class ProgramsTest {

    /** A main method. */
    private interface Program {
        void main(String... args) throws Exception;
    }

    private static String output(Program program) throws Exception {
        PrintStream before = System.out;
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        System.setOut(new PrintStream(bytes, true, StandardCharsets.UTF_8));
        try {
            program.main();
        } finally {
            System.setOut(before);
        }
        return bytes.toString(StandardCharsets.UTF_8);
    }

    @Test
    public void streamTextTellsAStory() throws Exception {
        String text = output(StreamText::main);
        assertTrue(text.contains("owl") && text.length() > 200, text);
        assertEquals(output(StreamText::main), text);
    }

    @Test
    public void searchTextRunsThreeSearches() throws Exception {
        List<String> lines = output(SearchText::main).lines().toList();
        assertEquals(lines.size(), 3, lines.toString());
        for (int i = 0; i < 3; i++) {
            String search = new String[] {"greedy", "contrastive", "beam"}[i];
            assertTrue(
                    lines.get(i).startsWith(search + ": Once upon a time there was a "),
                    lines.get(i));
        }
    }

    @Test
    public void runPassRunsEveryLayer() throws Exception {
        String text = output(RunPass::main);
        assertTrue(text.contains("8 layers"), text);
    }
}
