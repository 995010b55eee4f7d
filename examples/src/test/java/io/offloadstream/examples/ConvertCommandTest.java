/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.examples;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertFalse;
import static org.testng.Assert.assertTrue;

import io.offloadstream.checkpoint.Checkpoint;
import io.offloadstream.platform.DType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.testng.SkipException;
import org.testng.annotations.AfterMethod;
import org.testng.annotations.BeforeMethod;
import org.testng.annotations.DataProvider;
import org.testng.annotations.Test;

/** The command that makes packed copies, and the copies on the command line. */
public class ConvertCommandTest {

    private TemporaryDirectory folder;
    private Path target;

    @BeforeMethod
    public void open() {
        folder = TemporaryDirectory.create("convert-test");
        target = folder.path().resolve("copy");
    }

    @AfterMethod
    public void close() {
        folder.close();
    }

    private static CliRun story(String... more) {
        String[] arguments = new String[more.length + 7];
        arguments[0] = "generate";
        arguments[5] = "--chat";
        arguments[6] = "--seed=1";
        arguments[1] = "--prompt=Tell me a story about a brave fox.";
        arguments[2] = "--max-tokens=12";
        arguments[3] = "--host-memory=64MB";
        arguments[4] = "--max-sequence-length=64";
        System.arraycopy(more, 0, arguments, 7, more.length);
        return CliRun.of(arguments);
    }

    @Test
    public void aCopyTellsTheSameStory() {
        CliRun convert = CliRun.of("convert", Storyteller.unpack().toString(), target.toString());
        assertEquals(convert.code(), 0, convert.err());
        assertTrue(convert.out().contains("groups"), convert.out());
        assertTrue(hasPacked(target), "lossless is the default");
        assertFalse(hasPacked(Storyteller.unpack()));
        CliRun original = story("--model=" + Storyteller.unpack());
        CliRun copy = story("--model=" + target, "--verify");
        assertEquals(copy.code(), 0, copy.err());
        assertFalse(original.out().isBlank());
        assertEquals(copy.out(), original.out());
    }

    private static boolean hasPacked(Path model) {
        return Checkpoint.open(model).tensors().values().stream()
                .anyMatch(tensor -> tensor.type() == DType.BF16_PACKED);
    }

    @Test
    public void packNoneLeavesMatricesAsTheyAre() {
        CliRun convert =
                CliRun.of(
                        "convert",
                        Storyteller.unpack().toString(),
                        target.toString(),
                        "--pack=none");
        assertEquals(convert.code(), 0, convert.err());
        assertFalse(hasPacked(target));
    }

    @Test
    public void aQuantisedCopyIsSmallerAndTellsAStory() throws IOException {
        for (String type : new String[] {"int8", "int4"}) {
            Path copy = folder.path().resolve(type);
            CliRun convert =
                    CliRun.of(
                            "convert",
                            Storyteller.unpack().toString(),
                            copy.toString(),
                            "--quantize=" + type,
                            "--threads=1");
            assertEquals(convert.code(), 0, convert.err());
            CliRun run = story("--model=" + copy);
            assertEquals(run.code(), 0, run.err());
            assertFalse(run.out().isBlank());
            assertTrue(Files.size(copy.resolve("layer_000.bin")) > 0);
        }
    }

    @Test
    public void verifyFindsADamagedCopy() throws IOException {
        CliRun.of("convert", Storyteller.unpack().toString(), target.toString());
        Path file = target.resolve("layer_001.bin");
        byte[] bytes = Files.readAllBytes(file);
        bytes[bytes.length / 2] ^= 4;
        Files.write(file, bytes);
        CliRun run = story("--model=" + target, "--verify");
        assertEquals(run.code(), 1);
        assertTrue(run.err().contains("group layer.1 has CRC-32C"), run.err());
        CliRun original = story("--model=" + Storyteller.unpack(), "--verify");
        assertEquals(original.code(), 1);
        assertTrue(original.err().contains("no checksums"), original.err());
    }

    @Test
    public void aTargetThatIsThereIsAnError() {
        CliRun run =
                CliRun.of("convert", Storyteller.unpack().toString(), folder.path().toString());
        assertEquals(run.code(), 1);
        assertTrue(run.err().contains("exists already"), run.err());
    }

    /** A shell hands the words of the message to the program: what they make loads. */
    @Test
    public void theCommandOfARefusalWorksWhenItIsPasted() throws IOException, InterruptedException {
        Path model = Files.createDirectory(folder.path().resolve("it's a $HOME"));
        try (Stream<Path> files = Files.list(Storyteller.unpack())) {
            for (Path file : files.toList()) {
                Files.copy(file, model.resolve(file.getFileName()));
            }
        }
        String small = "--host-memory=2MB";
        CliRun refused = story("--model=" + model, "--quantize=int8", small);
        assertEquals(refused.code(), 1, refused.err());
        String message = refused.err().strip();
        int begin = message.indexOf("offloadstream convert ");
        assertTrue(begin > 0, message);
        CliRun made = CliRun.of(pasted(message.substring(begin)));
        assertEquals(made.code(), 0, made.err());

        CliRun again = story("--model=" + model, "--quantize=int8", small);
        assertEquals(again.code(), 1, again.err());
        String copy = again.err().strip();
        copy = pasted("offloadstream " + copy.substring(copy.lastIndexOf(": ") + 2))[0];
        assertEquals(copy, model + "-int8");
        CliRun loaded = story("--model=" + copy, small);
        assertEquals(loaded.code(), 0, loaded.err());
        assertEquals(loaded.out(), story("--model=" + model, "--quantize=int8").out(), "streamed");
    }

    /** What the program gets as arguments. */
    private String[] pasted(String command) throws IOException, InterruptedException {
        Path shell = Path.of("/bin/sh");
        if (!Files.isExecutable(shell)) {
            throw new SkipException(shell + " is not there to paste into");
        }
        Path words = folder.path().resolve("words");
        String script = "offloadstream() { printf '%s\\n' \"$@\"; }\n" + command + "\n";
        Process process =
                new ProcessBuilder(shell.toString(), "-eu", "-c", script)
                        .redirectOutput(words.toFile())
                        .redirectError(ProcessBuilder.Redirect.DISCARD)
                        .start();
        assertEquals(process.waitFor(), 0, command);
        return Files.readAllLines(words).toArray(String[]::new);
    }

    @DataProvider
    public Object[][] wrong() {
        return new Object[][] {
            {"--dtype=f64", "valid: f32, f16, bf16"},
            {"--quantize=int5", "valid: int8, int4, none"},
            {"--pack=all", "valid: lossless, none"},
            {"--threads=0", "1 to 256"},
        };
    }

    @Test(dataProvider = "wrong")
    public void whatIsNotKnownIsAUsageError(String flag, String expected) {
        CliRun run = CliRun.of("convert", Storyteller.unpack().toString(), target.toString(), flag);
        assertEquals(run.code(), 2);
        assertTrue(run.err().contains(expected), run.err());
        assertFalse(Files.exists(target));
    }
}
