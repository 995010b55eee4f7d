/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.checkpoint;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertFalse;
import static org.testng.Assert.assertTrue;
import static org.testng.Assert.expectThrows;

import io.offloadstream.platform.DType;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.testng.annotations.AfterMethod;
import org.testng.annotations.BeforeMethod;
import org.testng.annotations.Test;

/** Packed copies appear whole or not at all, and what was written is not written again. */
public class PackedWriterTest {

    private static final String[] GROUPS = {"layer.0", "layer.1", "final"};

    private TestFolder folder;
    private Path target;
    private final List<String> asked = new ArrayList<>();

    @BeforeMethod
    public void open() {
        folder = new TestFolder();
        target = folder.resolve("copy");
        asked.clear();
    }

    @AfterMethod
    public void close() {
        folder.close();
    }

    private Path partial() {
        return PackedWriter.partial(target);
    }

    private void write(PackedWriter writer, String group) throws IOException {
        writer.group(
                group,
                group + ".bin",
                packed -> {
                    asked.add(group);
                    packed.tensor(group + ".a", DType.U8, 5, 61).write(bytes(group, 305));
                    packed.tensor(group + ".none", DType.F32, 0, 7);
                    packed.tensor(group + ".b", DType.BF16, 3).write(bytes(group, 6));
                });
    }

    private static byte[] bytes(String group, int count) {
        byte[] bytes = new byte[count];
        for (int i = 0; i < count; i++) {
            bytes[i] = (byte) (group.hashCode() + 7 * i);
        }
        return bytes;
    }

    private void convert(String fingerprint) throws IOException {
        try (PackedWriter writer = PackedWriter.open(target, fingerprint)) {
            writer.copy(folder.write("config.json", "{}"));
            for (String group : GROUPS) {
                write(writer, group);
            }
            assertEquals(writer.finish(Map.of("source", "x")), 3 * 4096);
        }
    }

    private void requireWhole() throws IOException {
        assertFalse(Files.exists(partial()));
        Checkpoint.verify(target);
        Checkpoint copy = Checkpoint.open(target);
        assertEquals(copy.tensors().size(), 9);
        for (String group : GROUPS) {
            TensorEntry a = copy.get(group + ".a");
            assertEquals(a.file(), target.resolve(group + ".bin"));
            assertEquals(a.offset(), 0);
            assertEquals(copy.get(group + ".b").offset(), 512);
            byte[] file = Files.readAllBytes(a.file());
            assertEquals(file.length, 4096);
            byte[] expected = new byte[4096];
            System.arraycopy(bytes(group, 305), 0, expected, 0, 305);
            System.arraycopy(bytes(group, 6), 0, expected, 512, 6);
            assertEquals(file, expected, group);
        }
        assertEquals(Files.readString(target.resolve("config.json")), "{}");
    }

    @Test
    public void aCopyHasTensorsAlignedAndPaddedWithZeros() throws IOException {
        convert("f");
        requireWhole();
        assertEquals(asked, List.of(GROUPS));
        String metadata = Files.readString(target.resolve("metadata.json"));
        assertTrue(metadata.contains("\"source\": \"x\""), metadata);
    }

    @Test
    public void whatWasWrittenBeforeAFailureIsNotWrittenAgain() throws IOException {
        for (int groups = 0; groups <= 3; groups++) {
            target = folder.resolve("between" + groups);
            asked.clear();
            try (PackedWriter writer = PackedWriter.open(target, "f")) {
                for (int i = 0; i < groups; i++) {
                    write(writer, GROUPS[i]);
                }
            }
            assertFalse(Files.exists(target));
            expectThrows(CheckpointException.class, () -> Checkpoint.open(target));
            asked.clear();
            convert("f");
            assertEquals(asked, List.of(GROUPS).subList(groups, 3));
            requireWhole();
        }
    }

    @Test
    public void aGroupThatWasNotWholeIsWrittenAgain() throws IOException {
        try (PackedWriter writer = PackedWriter.open(target, "f")) {
            write(writer, GROUPS[0]);
            expectThrows(
                    IOException.class,
                    () ->
                            writer.group(
                                    GROUPS[1],
                                    GROUPS[1] + ".bin",
                                    packed -> {
                                        OutputStream a = packed.tensor("a", DType.U8, 305);
                                        a.write(new byte[200]);
                                        throw new IOException("no more");
                                    }));
        }
        convert("f");
        assertEquals(asked, List.of(GROUPS));
        requireWhole();
    }

    @Test
    public void aTornLineOfTheJournalDoesNotCount() throws IOException {
        try (PackedWriter writer = PackedWriter.open(target, "f")) {
            write(writer, GROUPS[0]);
            write(writer, GROUPS[1]);
        }
        Path journal = partial().resolve("journal");
        byte[] whole = Files.readAllBytes(journal);
        int second =
                1 + new String(whole, StandardCharsets.UTF_8).lastIndexOf('\n', whole.length - 2);
        for (int length = whole.length - 1; length >= second; length -= 37) {
            Files.write(journal, java.util.Arrays.copyOf(whole, length));
            try (PackedWriter writer = PackedWriter.open(target, "f")) {
                assertTrue(writer.isWritten(GROUPS[0]));
                assertFalse(writer.isWritten(GROUPS[1]), "cut to " + length);
            }
        }
        asked.clear();
        convert("f");
        assertEquals(asked, List.of(GROUPS).subList(1, 3));
        requireWhole();
    }

    @Test
    public void aFileThatIsNotWhatTheJournalSaysIsWrittenAgain() throws IOException {
        try (PackedWriter writer = PackedWriter.open(target, "f")) {
            write(writer, GROUPS[0]);
            write(writer, GROUPS[1]);
        }
        Path file = partial().resolve("packed").resolve(GROUPS[0] + ".bin");
        Files.write(file, new byte[100], StandardOpenOption.TRUNCATE_EXISTING);
        asked.clear();
        convert("f");
        assertEquals(asked, List.of(GROUPS[0], GROUPS[2]));
        requireWhole();
    }

    @Test
    public void anotherFingerprintBeginsAnew() throws IOException {
        try (PackedWriter writer = PackedWriter.open(target, "f")) {
            write(writer, GROUPS[0]);
            writer.group("old", "old.bin", g -> g.tensor("x", DType.U8, 1).write(1));
        }
        asked.clear();
        convert("g");
        assertEquals(asked, List.of(GROUPS));
        requireWhole();
        assertFalse(Files.exists(target.resolve("old.bin")));
    }

    @Test
    public void aTargetThatIsThereIsLeftAlone() throws IOException {
        Files.createDirectory(target);
        CheckpointException e =
                expectThrows(CheckpointException.class, () -> PackedWriter.open(target, "f"));
        assertTrue(e.getMessage().contains("exists already"), e.getMessage());
        assertFalse(Files.exists(partial()));
    }

    @Test
    public void twoWritersDoNotShareATarget() throws IOException {
        try (PackedWriter writer = PackedWriter.open(target, "f")) {
            write(writer, GROUPS[0]);
            CheckpointException e =
                    expectThrows(CheckpointException.class, () -> PackedWriter.open(target, "f"));
            assertTrue(e.getMessage().contains("another conversion"), e.getMessage());
            assertTrue(writer.isWritten(GROUPS[0]));
        }
        convert("f");
        requireWhole();
    }

    /** What is refused must not take the first one's lock along. */
    @Test
    public void aSecondWriterOfThisProcessLeavesTheLockInPlace() throws Exception {
        try (PackedWriter writer = PackedWriter.open(target, "f")) {
            write(writer, GROUPS[0]);
            expectThrows(CheckpointException.class, () -> PackedWriter.open(target, "f"));
            Path lock = partial().resolve("lock");
            Process other =
                    new ProcessBuilder(
                                    Path.of(System.getProperty("java.home"), "bin", "java")
                                            .toString(),
                                    "-cp",
                                    System.getProperty("java.class.path"),
                                    LockProbe.class.getName(),
                                    lock.toString())
                            .inheritIO()
                            .start();
            assertEquals(other.waitFor(), LockProbe.HELD);
        }
    }

    @Test
    public void whatIsRefusedBeforeTheFirstGroupLeavesNothing() throws IOException {
        PackedWriter.open(target, "f").close();
        assertFalse(Files.exists(partial()));
        try (PackedWriter writer = PackedWriter.open(target, "f")) {
            writer.copy(folder.write("config.json", "{}"));
        }
        assertFalse(Files.exists(partial()));
        try (PackedWriter writer = PackedWriter.open(target, "f")) {
            write(writer, GROUPS[0]);
        }
        PackedWriter.open(target, "f").close();
        assertTrue(Files.exists(partial()));
        PackedWriter.open(target, "other").close();
        assertFalse(Files.exists(partial()));
    }

    @Test
    public void groupsOfAnotherVersionAreNotTakenOver() throws IOException {
        try (PackedWriter writer = PackedWriter.open(target, "f")) {
            write(writer, GROUPS[0]);
        }
        Path journal = partial().resolve("journal");
        String text = Files.readString(journal);
        Files.writeString(
                journal, text.replace("format " + PackedFormat.VERSION + ",", "format 0,"));
        try (PackedWriter writer = PackedWriter.open(target, "f")) {
            assertFalse(writer.isWritten(GROUPS[0]));
            assertEquals(writer.resumedGroups(), 0);
        }
    }

    @Test
    public void onlyGroupsThatAreThereCountAsResumed() throws IOException {
        try (PackedWriter writer = PackedWriter.open(target, "f")) {
            write(writer, GROUPS[0]);
            write(writer, GROUPS[1]);
        }
        Files.delete(partial().resolve("packed").resolve(GROUPS[0] + ".bin"));
        try (PackedWriter writer = PackedWriter.open(target, "f")) {
            assertEquals(writer.resumedGroups(), 1);
        }
    }

    /** The copy is there: what cannot be cleaned up beside it is told, and is no failure. */
    @Test
    public void whatCannotBeRemovedBesideAWholeCopyIsNoFailure() throws IOException {
        try (PackedWriter writer = PackedWriter.open(target, "f")) {
            write(writer, GROUPS[0]);
            Files.createDirectory(partial().resolve("somebody's"));
            writer.finish(Map.of());
        }
        Checkpoint.verify(target);
        assertFalse(Files.exists(partial().resolve("lock")));
        assertFalse(Files.exists(partial().resolve("journal")));
        Files.delete(partial().resolve("somebody's"));
        Files.delete(partial());
    }

    @Test
    public void tensorsGetExactlyTheirBytes() throws IOException {
        try (PackedWriter writer = PackedWriter.open(target, "f")) {
            expectThrows(
                    IllegalArgumentException.class,
                    () -> writer.group("g", "g.bin", g -> g.tensor("x", DType.F32, 2).write(1)));
            expectThrows(
                    IllegalArgumentException.class,
                    () ->
                            writer.group(
                                    "g",
                                    "g.bin",
                                    g -> g.tensor("x", DType.F32, 2).write(new byte[9])));
            expectThrows(
                    IllegalArgumentException.class,
                    () -> writer.group("g", "g.bin", g -> g.tensor("x", DType.Q8_0, 33)));
        }
    }
}
