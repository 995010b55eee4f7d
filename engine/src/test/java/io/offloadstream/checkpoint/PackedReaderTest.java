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
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.testng.annotations.AfterMethod;
import org.testng.annotations.BeforeMethod;
import org.testng.annotations.DataProvider;
import org.testng.annotations.Test;

/** Metadata of packed models: what it says, and every way in which it can be wrong. */
public class PackedReaderTest {

    private static final String A =
            "{\"name\":\"a\",\"dtype\":\"Q8_0\",\"shape\":[3,64],\"offset\":0,\"bytes\":204}";
    private static final String B =
            "{\"name\":\"b\",\"dtype\":\"F32\",\"shape\":[2],\"offset\":256,\"bytes\":8}";
    private static final String G =
            "{\"name\":\"g\",\"file\":\"x.bin\",\"offset\":0,\"bytes\":4096,"
                    + "\"crc32c\":\"98f94189\",\"tensors\":[";
    private static final String HEAD = "\"format\":\"offloadstream-packed\",\"version\":1,";

    private TestFolder folder;

    @BeforeMethod
    public void open() {
        folder = new TestFolder();
        folder.write("x.bin", new byte[4096]);
    }

    @AfterMethod
    public void close() {
        folder.close();
    }

    private static String json(String groups) {
        return "{" + HEAD + "\"later\":[1],\"groups\":[" + groups + "]}";
    }

    @Test
    public void entriesTellWhereTheirBytesAre() {
        folder.write("metadata.json", json(G + A + "," + B + "]}"));
        Checkpoint checkpoint = Checkpoint.open(folder.path());
        assertEquals(checkpoint.tensors().keySet().toString(), "[a, b]");
        TensorEntry a = checkpoint.get("a");
        assertEquals(a.type(), DType.Q8_0);
        assertEquals(a.shape(), new long[] {3, 64});
        assertEquals(a.file(), folder.resolve("x.bin"));
        assertEquals(a.sizeBytes(), 204);
        assertEquals(a.rows(1, 3).offset(), 68);
        assertEquals(a.rows(1, 3).type(), DType.Q8_0);
        assertEquals(checkpoint.get("b").offset(), 256);
        assertTrue(Checkpoint.isPacked(folder.path()));
        Checkpoint.verify(folder.path());
    }

    @Test
    public void groupsMayShareAFile() {
        folder.write("x.bin", new byte[8192]);
        String second =
                G.replace("\"g\"", "\"h\"").replace("\"offset\":0", "\"offset\":4096")
                        + B.replace("256", "4096")
                        + "]}";
        folder.write("metadata.json", json(second + "," + G + A + "]}"));
        assertEquals(Checkpoint.open(folder.path()).get("b").offset(), 4096);
        Checkpoint.verify(folder.path());
    }

    @Test
    public void safetensorsComeFirstWhereBothAreThere() {
        folder.write("metadata.json", "{\"something\":\"else\"}");
        folder.safetensors("model.safetensors", "{}", 0);
        assertFalse(Checkpoint.isPacked(folder.path()));
        assertTrue(Checkpoint.open(folder.path()).tensors().isEmpty());
    }

    @Test
    public void metadataOfSomethingElseDoesNotHideSafetensors() {
        folder.safetensors("weights.safetensors", "{}", 0);
        for (String other : new String[] {"{\"something\":\"else\"}", "[]", "", "{\"format\":7}"}) {
            folder.write("metadata.json", other);
            assertFalse(Checkpoint.isPacked(folder.path()), other);
            assertTrue(Checkpoint.open(folder.path()).tensors().isEmpty());
        }
    }

    @Test
    public void safetensorsOfOtherNamesDoNotHideAPackedCopy() {
        folder.safetensors("adapter.safetensors", "{}", 0);
        String whole = json(G + A + "]}");
        folder.write("metadata.json", whole);
        assertEquals(Checkpoint.open(folder.path()).tensors().size(), 1);
        folder.write("metadata.json", whole.substring(0, whole.length() - 3));
        assertTrue(Checkpoint.isPacked(folder.path()));
        expectThrows(CheckpointException.class, () -> Checkpoint.open(folder.path()));
    }

    /** The metadata, and what the message must say. */
    @DataProvider
    public Object[][] damaged() {
        String whole = json(G + A + "," + B + "]}");
        return new Object[][] {
            {"", "empty"},
            {"[]", "expected {"},
            {"{", "JSON"},
            {whole.substring(0, whole.length() - 3), "JSON"},
            {whole + "{}", "JSON"},
            {"\ufeff" + whole, "starts with"},
            {"{\"groups\":[]}", "format is missing"},
            {whole.replace("offloadstream-packed", "other"), "\"other\""},
            {whole.replace("\"version\":1", "\"version\":2"), "version is 2"},
            {whole.replace("\"version\":1", "\"version\":1.0"), "whole number"},
            {whole.replace("\"version\":1,", ""), "version is missing"},
            {whole.replace("\"version\":1,", "\"version\":1,\"version\":1,"), "twice"},
            {json(""), "no groups"},
            {"{" + HEAD + "\"groups\":{}}", "BEGIN_OBJECT"},
            {json("1"), "NUMBER"},
            {whole.replace("\"name\":\"g\",", ""), "one of them is missing"},
            {whole.replace("\"name\":\"g\"", "\"name\":7"), "expected a string"},
            {whole.replace("\"name\":\"g\"", "\"name\":\"g\",\"name\":\"h\""), "twice"},
            {whole.replace("x.bin", "../x.bin"), "plain name"},
            {whole.replace("x.bin", "/x.bin"), "plain name"},
            {whole.replace("x.bin", "y.bin"), "y.bin: is missing"},
            {whole.replace("4096", "4095"), "multiples of 4096"},
            {whole.replace("4096", "8192"), "x.bin: has 4096 bytes, metadata.json says 8192"},
            {whole.replace("4096", "9223372036854771712"), "says 9223372036854771712"},
            {whole.replace("4096", "9223372036854775808"), "too large"},
            {whole.replace("4096", "-4096"), "whole number"},
            {whole.replace("\"offset\":0,\"bytes\":4096", "\"offset\":4096,\"bytes\":4096"), "a"},
            {
                json(G.replace("\"offset\":0", "\"offset\":4096") + "]}"),
                "starts at byte 4096 of x.bin, expected 0"
            },
            {whole.replace("98f94189", "98f9418"), "8 hexadecimal digits"},
            {whole.replace("98f94189", "98f9418g"), "8 hexadecimal digits"},
            {whole.replace("Q8_0", "Q9_9"), "known: "},
            {whole.replace("[3,64]", "[3,65]"), "no whole blocks of Q8_0"},
            {whole.replace("[3,64]", "[4,64]"), "expected 272"},
            {whole.replace("[3,64]", "[3,-64]"), "whole number"},
            {whole.replace("[3,64]", "[3,6.4e1]"), "whole number"},
            {whole.replace("[3,64]", "[\"3\",64]"), "STRING"},
            {whole.replace("[3,64]", "[9223372036854775807,64]"), "more than 2^63 bytes"},
            {whole.replace("[3,64]", "[" + "1,".repeat(64) + "64]"), "more than 64"},
            {whole.replace("\"offset\":256", "\"offset\":257"), "no multiple of 256"},
            {whole.replace("\"offset\":256", "\"offset\":0"), "behind the tensor before it"},
            {whole.replace("\"offset\":256", "\"offset\":4096"), "within group"},
            {whole.replace("\"offset\":256", "\"offset\":9223372036854775552"), "within group"},
            {whole.replace("\"name\":\"b\"", "\"name\":\"a\""), "\"a\" comes twice"},
            {json(G + A + "]}," + G + B + "]}"), "\"g\" comes twice"},
            {
                json(G + A + "]}," + G.replace("\"g\"", "\"h\"") + B + "]}"),
                "\"h\" starts at byte 0 of x.bin, expected 4096"
            },
            {whole.replace("\"dtype\":\"F32\"", "\"dtype\":null"), "expected a string"},
            {whole.replace("\"shape\":[2],", ""), "needs name, dtype, shape"},
        };
    }

    @Test(dataProvider = "damaged")
    public void damagedMetadataIsRefused(String metadata, String expected) {
        folder.write("metadata.json", metadata);
        CheckpointException e =
                expectThrows(CheckpointException.class, () -> Checkpoint.open(folder.path()));
        assertTrue(e.getMessage().contains(expected), e.getMessage());
        assertTrue(e.getMessage().contains(folder.path().toString()), e.getMessage());
    }

    @Test
    public void anyCutOrChangeIsOneExceptionOrAnEntryWithinTheFile() {
        String whole = json(G + A + "," + B + "]}");
        for (int seed = 0; seed < 3000; seed++) {
            Random random = new Random(seed);
            StringBuilder text = new StringBuilder(whole);
            for (int i = 0; i <= random.nextInt(3); i++) {
                int at = random.nextInt(text.length());
                switch (random.nextInt(3)) {
                    case 0 -> text.setCharAt(at, (char) (' ' + random.nextInt(95)));
                    case 1 -> text.deleteCharAt(at);
                    default -> text.insert(at, "0123456789{}[],:\"".charAt(random.nextInt(17)));
                }
            }
            folder.write("metadata.json", text.toString());
            try {
                for (TensorEntry entry : Checkpoint.open(folder.path()).tensors().values()) {
                    assertTrue(entry.offset() >= 0, "seed " + seed);
                    assertTrue(entry.offset() + entry.sizeBytes() <= 4096, "seed " + seed);
                }
            } catch (CheckpointException e) {
                String message = e.getMessage();
                assertTrue(message.startsWith(folder.path().toString()), seed + ": " + message);
            }
        }
    }

    @Test
    public void aFileOfAnotherLengthIsRefused() {
        folder.write("metadata.json", json(G + A + "]}"));
        for (int length : new int[] {0, 4095, 4097}) {
            folder.write("x.bin", new byte[length]);
            CheckpointException e =
                    expectThrows(CheckpointException.class, () -> Checkpoint.open(folder.path()));
            String expected = "x.bin: has " + length + " bytes, metadata.json says 4096";
            assertTrue(e.getMessage().contains(expected), e.getMessage());
        }
    }

    @Test
    public void verifyFindsOneFlippedBitAndNamesTheGroup() throws IOException {
        folder.write("metadata.json", json(G + A + "]}"));
        Path bin = folder.resolve("x.bin");
        for (int bit : new int[] {0, 8 * 100 + 3, 8 * 4096 - 1}) {
            byte[] bytes = new byte[4096];
            bytes[bit / 8] ^= (byte) (1 << bit % 8);
            Files.write(bin, bytes);
            Checkpoint.open(folder.path());
            CheckpointException e =
                    expectThrows(CheckpointException.class, () -> Checkpoint.verify(folder.path()));
            assertTrue(e.getMessage().contains("x.bin: group g has CRC-32C"), e.getMessage());
            assertTrue(e.getMessage().contains("98f94189"), e.getMessage());
        }
    }

    @Test
    public void verifyOfSafetensorsIsRefused() {
        folder.safetensors("model.safetensors", "{}", 0);
        CheckpointException e =
                expectThrows(CheckpointException.class, () -> Checkpoint.verify(folder.path()));
        assertTrue(e.getMessage().contains("no checksums"), e.getMessage());
    }

    @Test
    public void namesOfBlocksAreNotKnownInSafetensors() {
        byte[] data = ByteBuffer.allocate(34).array();
        folder.safetensors(
                "model.safetensors",
                "{\"a\":{\"dtype\":\"Q8_0\",\"shape\":[1,32],\"data_offsets\":[0,34]}}",
                data.length);
        TensorEntry entry = Checkpoint.open(folder.path()).get("a");
        expectThrows(CheckpointException.class, entry::type);
    }
}
