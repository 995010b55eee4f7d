/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.examples;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertTrue;

import io.offloadstream.checkpoint.Checkpoint;
import io.offloadstream.checkpoint.TensorEntry;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.zip.CRC32;
import org.testng.annotations.Test;

/** The programs that users copy run as they are, on the storyteller. */
public class ProgramsTest {

    /** A main method. */
    private interface Program {
        void run(String... args) throws Exception;
    }

    private static String output(Program program) throws Exception {
        PrintStream before = System.out;
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        System.setOut(new PrintStream(bytes, true, StandardCharsets.UTF_8));
        try {
            program.run();
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
    public void runPassSeesTheBytesOfEveryLayer() throws Exception {
        List<String> lines = output(RunPass::main).lines().toList();
        Checkpoint checkpoint = Checkpoint.open(Storyteller.unpack());
        for (int layer = 0; layer < 8; layer++) {
            CRC32 checksum = new CRC32();
            int tensors = 0;
            long size = 0;
            for (TensorEntry entry : checkpoint.tensors().values()) {
                if (entry.name().startsWith("model.layers." + layer + ".")) {
                    checksum.update(bytes(entry));
                    tensors++;
                    size += entry.sizeBytes();
                }
            }
            assertEquals(
                    lines.get(layer),
                    String.format(
                            "layer %d: %d tensors, %d bytes, crc32 %08x",
                            layer, tensors, size, checksum.getValue()));
        }
        assertTrue(lines.get(8).startsWith("8 layers, 2.9"), lines.get(8));
    }

    private static byte[] bytes(TensorEntry entry) throws IOException {
        try (RandomAccessFile file = new RandomAccessFile(entry.file().toFile(), "r")) {
            byte[] bytes = new byte[(int) entry.sizeBytes()];
            file.seek(entry.offset());
            file.readFully(bytes);
            return bytes;
        }
    }
}
