/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.checkpoint;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertTrue;
import static org.testng.Assert.expectThrows;

import io.offloadstream.platform.DType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import org.testng.annotations.AfterClass;
import org.testng.annotations.DataProvider;
import org.testng.annotations.Test;

public class SafetensorsReaderTest {

    private final TestFolder folder = new TestFolder();

    @AfterClass(alwaysRun = true)
    public void close() {
        folder.close();
    }

    private static String tensor(String name, String type, String shape, String offsets) {
        return "\"%s\":{\"dtype\":\"%s\",\"shape\":[%s],\"data_offsets\":[%s]}"
                .formatted(name, type, shape, offsets);
    }

    @Test
    public void entriesTellWhereTheirBytesAre() {
        String header =
                "{\"__metadata__\":{\"format\":\"pt\"},"
                        + tensor("b", "BF16", "2,3", "8,20")
                        + ","
                        + tensor("a", "F32", "2", "0,8")
                        + ","
                        + tensor("empty", "I64", "0,5", "8,8")
                        + ","
                        + tensor("scalar", "U8", "", "20,21")
                        + "}   ";
        Path file = folder.safetensors("valid.safetensors", header, 21);
        Map<String, TensorEntry> entries = SafetensorsReader.read(file);
        assertEquals(entries.size(), 4);
        int data = 8 + header.length();
        TensorEntry b = entries.get("b");
        assertEquals(b.name(), "b");
        assertEquals(b.type(), DType.BF16);
        assertEquals(b.shape(), new long[] {2, 3});
        assertEquals(b.file(), file);
        assertEquals(b.offset(), data + 8);
        assertEquals(b.sizeBytes(), 12);
        assertEquals(entries.get("a").offset(), data);
        assertEquals(entries.get("empty").sizeBytes(), 0);
        assertEquals(entries.get("scalar").shape(), new long[0]);
        assertEquals(entries.get("scalar").sizeBytes(), 1);
    }

    @Test
    public void everyKnownTypeHasItsSize() {
        StringBuilder header = new StringBuilder("{");
        int end = 0;
        for (DType type : DType.values()) {
            if (type.blockElements() > 1) {
                continue;
            }
            header.append(end == 0 ? "" : ",")
                    .append(
                            tensor(
                                    type.name(),
                                    type.name(),
                                    "3",
                                    end + "," + (end + 3 * type.sizeBytes())));
            end += 3 * type.sizeBytes();
        }
        Path file = folder.safetensors("types.safetensors", header + "}", end);
        Map<String, TensorEntry> entries = SafetensorsReader.read(file);
        for (DType type : DType.values()) {
            if (type.blockElements() > 1) {
                continue;
            }
            assertEquals(entries.get(type.name()).type(), type);
        }
        assertEquals(entries.size(), 12);
    }

    @Test
    public void unknownTypeIsAnErrorOnlyWhenUsed() {
        Path file =
                folder.safetensors(
                        "unknown.safetensors", "{" + tensor("odd", "F4", "7,2", "0,7") + "}", 7);
        TensorEntry entry = SafetensorsReader.read(file).get("odd");
        assertEquals(entry.sizeBytes(), 7);
        CheckpointException e = expectThrows(CheckpointException.class, entry::type);
        for (String part : new String[] {"unknown.safetensors", "odd", "F4", "BF16"}) {
            assertTrue(e.getMessage().contains(part), e.getMessage());
        }
    }

    @Test
    public void unknownMembersAndEscapesAreRead() {
        String header =
                "{\"a\\u0062\":{\"later\":{\"x\":[1,{}]},\"dtype\":\"U8\",\"shape\":[1],"
                        + "\"data_offsets\":[0,1]}}";
        Path file = folder.safetensors("escape.safetensors", header, 1);
        assertEquals(SafetensorsReader.read(file).keySet().toString(), "[ab]");
    }

    @Test
    public void aFileWithoutTensorsIsEmpty() {
        assertTrue(SafetensorsReader.read(folder.safetensors("none", "{}", 0)).isEmpty());
    }

    /** Header, bytes of data, and what the message must say. */
    @DataProvider
    Object[][] damagedHeaders() {
        String good = tensor("t", "F32", "2", "0,8");
        String huge = "9".repeat(5000);
        String deep = "[".repeat(300) + "]".repeat(300);
        return new Object[][] {
            {"", 0, "empty"},
            {" {" + good + "}", 8, "32"},
            {"\ufeff{" + good + "}", 8, "239"},
            {"[" + good + "]", 8, "91"},
            {"{" + good, 8, "End of input"},
            {"{" + good + "}x", 8, "damage.safetensors"},
            {"{" + good + "}{}", 8, "damage.safetensors"},
            {"{" + good + "}\0\0", 8, "damage.safetensors"},
            {"{" + good + ",}", 8, "damage.safetensors"},
            {"{" + good + "} // note", 8, "damage.safetensors"},
            {"{" + good.replace('"', '\'') + "}", 8, "damage.safetensors"},
            {"{" + good.replace("t", "t\n") + "}", 8, "damage.safetensors"},
            {"{" + good + "," + good + "}", 8, "\"t\" comes twice"},
            {"{" + good + "," + good.replace("\"t\"", "\"\\u0074\"") + "}", 8, "twice"},
            {"{\"__metadata__\":{},\"__metadata__\":{}," + good + "}", 8, "__metadata__"},
            {"{\"__metadata__\":" + deep + "," + good + "}", 8, "255"},
            {"{\"t\":" + deep + "}", 8, "BEGIN_OBJECT"},
            {"{\"t\":null}", 8, "BEGIN_OBJECT"},
            {"{\"t\":{\"dtype\":\"F32\",\"shape\":[2]}}", 8, "data_offsets"},
            {"{\"t\":{\"dtype\":\"F32\",\"data_offsets\":[0,8]}}", 8, "shape"},
            {"{\"t\":{\"shape\":[2],\"data_offsets\":[0,8]}}", 8, "dtype"},
            {good("\"dtype\":\"F32\",\"dtype\":\"F32\""), 8, "dtype comes twice"},
            {good("\"dtype\":7"), 8, "NUMBER"},
            {good("\"dtype\":null"), 8, "NULL"},
            {good("\"dtype\":\"f32\",\"shape\":[2]"), 8, "shape comes twice"},
            {"{" + tensor("t", "F32", "\"2\"", "0,8") + "}", 8, "STRING"},
            {"{" + tensor("t", "F32", "2.0", "0,8") + "}", 8, "2.0"},
            {"{" + tensor("t", "F32", "2e0", "0,8") + "}", 8, "2e0"},
            {"{" + tensor("t", "F32", "02", "0,8") + "}", 8, "damage.safetensors"},
            {"{" + tensor("t", "F32", "-2", "0,8") + "}", 8, "-2"},
            {"{" + tensor("t", "F32", "-0", "0,0") + "}", 0, "-0"},
            {"{" + tensor("t", "F32", "NaN", "0,8") + "}", 8, "damage.safetensors"},
            {"{" + tensor("t", "F32", huge, "0,8") + "}", 8, "damage.safetensors"},
            {"{" + tensor("t", "F32", "9223372036854775808", "0,8") + "}", 8, "too large"},
            {"{" + tensor("t", "F32", "4611686018427387906", "0,8") + "}", 8, "2^63"},
            {"{" + tensor("t", "F32", "4294967296,4294967296,2", "0,8") + "}", 8, "2^63"},
            {"{" + tensor("t", "F32", "1," + "1,".repeat(70) + "2", "0,8") + "}", 8, "64"},
            {"{" + tensor("t", "F32", "3", "0,8") + "}", 8, "expected 12"},
            {"{" + tensor("t", "F16", "2", "0,8") + "}", 8, "expected 4"},
            {"{" + tensor("t", "F32", "2", "0,8,9") + "}", 8, "3 numbers"},
            {"{" + tensor("t", "F32", "2", "0") + "}", 8, "1 numbers"},
            {"{" + tensor("t", "F32", "2", "8,0") + "}", 8, "[8, 0]"},
            {"{" + tensor("t", "F32", "2", "1,9") + "}", 8, "8 bytes of data"},
            {"{" + tensor("t", "X", "2", "0,9223372036854775807") + "}", 8, "8 bytes of data"},
            {"{" + tensor("t", "F32", "2", "1,9") + "}", 9, "hole"},
            {"{" + good + "}", 9, "9 bytes"},
            {"{}", 1, "1 bytes"},
            {"{" + good + "," + tensor("u", "F32", "2", "4,12") + "}", 12, "overlapping"},
            {"{" + good + "," + tensor("u", "F32", "2", "0,8") + "}", 8, "overlapping"},
            {"{" + good + "," + tensor("u", "F32", "2", "12,20") + "}", 20, "hole"},
            {"{" + good + "," + tensor("u", "F32", "0", "4,4") + "}", 8, "overlapping"},
        };
    }

    /** The tensor t of two F32, with one member written otherwise. */
    private static String good(String members) {
        return "{\"t\":{\"shape\":[2],\"data_offsets\":[0,8]," + members + "}}";
    }

    @Test(dataProvider = "damagedHeaders")
    public void damagedHeaderIsOneExceptionThatSaysWhatAndWhere(
            String header, int dataBytes, String said) {
        assertDamaged(TestFolder.file(header, dataBytes), said);
    }

    private void assertDamaged(byte[] bytes, String said) {
        Path file = folder.write("damage.safetensors", bytes);
        CheckpointException e =
                expectThrows(CheckpointException.class, () -> SafetensorsReader.read(file));
        assertTrue(e.getMessage().contains("damage.safetensors"), e.getMessage());
        assertTrue(e.getMessage().contains(said), e.getMessage());
        assertTrue(e.getMessage().length() < 2000, "length " + e.getMessage().length());
    }

    @Test
    public void headerLengthIsCheckedAgainstTheFile() {
        byte[] good = TestFolder.file("{" + tensor("t", "F32", "2", "0,8") + "}", 8);
        long header = good.length - 16L;
        for (int cut = 0; cut < good.length; cut++) {
            assertDamaged(Arrays.copyOf(good, cut), "");
        }
        for (long length :
                new long[] {
                    0,
                    header - 1,
                    header + 9,
                    100_000_000,
                    100_000_001,
                    Integer.MAX_VALUE,
                    Long.MAX_VALUE,
                    Long.MIN_VALUE,
                    -1,
                    -8
                }) {
            byte[] damaged = good.clone();
            ByteBuffer.wrap(damaged).order(ByteOrder.LITTLE_ENDIAN).putLong(length);
            boolean tooLong = length < 0 || length > 100_000_000;
            assertDamaged(
                    damaged,
                    tooLong ? "at most 100000000" : length > header + 8 ? "past the end" : "");
        }
        assertDamaged(new byte[0], "0 bytes");
        assertDamaged(new byte[7], "7 bytes");
        assertDamaged(new byte[8], "empty");
    }

    @Test
    public void headerThatIsNotUtf8IsRefused() {
        byte[] bytes = TestFolder.file("{" + tensor("tt", "F32", "2", "0,8") + "}", 8);
        assertEquals(bytes[10], (byte) 't');
        bytes[10] = (byte) 0xC3; // the first half of a two-byte character
        assertDamaged(bytes, "");
    }

    @Test
    public void longNamesAreCutInMessages() {
        String name = "n".repeat(50_000);
        assertDamaged(
                TestFolder.file("{" + tensor(name, "F32", "3", "0,8") + "}", 8),
                "50000 characters");
    }

    @Test
    public void nonAsciiNamesSurvive() {
        String name = "größe.層.\uD83D\uDE00";
        Path file =
                folder.safetensors(
                        "names.safetensors", "{" + tensor(name, "U8", "1", "0,1") + "}", 1);
        TensorEntry entry = SafetensorsReader.read(file).get(name);
        assertEquals(entry.name(), name);
    }
}
