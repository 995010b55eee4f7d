/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.checkpoint;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertThrows;
import static org.testng.Assert.assertTrue;
import static org.testng.Assert.expectThrows;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.testng.SkipException;
import org.testng.annotations.AfterMethod;
import org.testng.annotations.BeforeMethod;
import org.testng.annotations.DataProvider;
import org.testng.annotations.Test;

public class CheckpointTest {

    private static final String INDEX = "model.safetensors.index.json";

    private TestFolder folder;

    @BeforeMethod
    public void open() {
        folder = new TestFolder();
    }

    @AfterMethod(alwaysRun = true)
    public void close() {
        folder.close();
    }

    /** A file with tensors of one byte each. */
    private Path bytes(String file, String... tensors) {
        StringBuilder header = new StringBuilder("{");
        for (int i = 0; i < tensors.length; i++) {
            header.append(i == 0 ? "" : ",")
                    .append(
                            "\"%s\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[%d,%d]}"
                                    .formatted(tensors[i], i, i + 1));
        }
        return folder.safetensors(file, header + "}", tensors.length);
    }

    /** An index from pairs of tensor and file. */
    private Path index(String... pairs) {
        StringBuilder map = new StringBuilder();
        for (int i = 0; i < pairs.length; i += 2) {
            map.append(i == 0 ? "" : ",").append("\"%s\":\"%s\"".formatted(pairs[i], pairs[i + 1]));
        }
        return folder.write(INDEX, "{\"metadata\":{\"a\":1},\"weight_map\":{" + map + "}}\n");
    }

    private String fault() {
        CheckpointException e =
                expectThrows(CheckpointException.class, () -> Checkpoint.open(folder.path()));
        assertTrue(e.getMessage().contains(folder.path().toString()), e.getMessage());
        return e.getMessage();
    }

    private void assertFault(String... parts) {
        String fault = fault();
        for (String part : parts) {
            assertTrue(fault.contains(part), fault);
        }
    }

    @Test
    public void theIndexComesBeforeTheSingleFileBeforeAnyFile() {
        bytes("other.safetensors", "other");
        assertEquals(Checkpoint.open(folder.path()).tensors().keySet().toString(), "[other]");
        bytes("model.safetensors", "single");
        assertEquals(Checkpoint.open(folder.path()).tensors().keySet().toString(), "[single]");
        bytes("shard", "indexed");
        index("indexed", "shard");
        Checkpoint checkpoint = Checkpoint.open(folder.path());
        assertEquals(checkpoint.tensors().keySet().toString(), "[indexed]");
        assertEquals(checkpoint.directory(), folder.path());
        Checkpoint file = Checkpoint.open(folder.resolve("other.safetensors"));
        assertEquals(file.get("other").file(), folder.resolve("other.safetensors"));
        assertEquals(file.directory(), folder.path());
    }

    @Test
    public void anAbsentTensorIsNamed() {
        bytes("model.safetensors", "there");
        Checkpoint checkpoint = Checkpoint.open(folder.path());
        assertTrue(checkpoint.find("absent").isEmpty());
        CheckpointException e =
                expectThrows(CheckpointException.class, () -> checkpoint.get("absent"));
        assertTrue(e.getMessage().contains("absent"), e.getMessage());
        assertThrows(
                UnsupportedOperationException.class, () -> checkpoint.tensors().remove("there"));
    }

    @Test
    public void aDirectoryWithoutOneClearFileIsRefused() {
        assertFault("0 *.safetensors");
        bytes("a.safetensors", "a");
        bytes("b.safetensors", "b");
        assertFault("2 *.safetensors");
        assertThrows(CheckpointException.class, () -> Checkpoint.open(folder.resolve("absent")));
    }

    @Test
    public void shardsMakeOneCheckpoint() {
        bytes("one.safetensors", "a", "b");
        bytes("two.safetensors", "c", "unlisted");
        index("a", "one.safetensors", "b", "one.safetensors", "c", "two.safetensors");
        Checkpoint checkpoint = Checkpoint.open(folder.path());
        assertEquals(checkpoint.tensors().keySet().toString(), "[a, b, c, unlisted]");
        assertEquals(checkpoint.get("b").file(), folder.resolve("one.safetensors"));
        assertEquals(checkpoint.get("unlisted").file(), folder.resolve("two.safetensors"));
    }

    @Test
    public void whatTheIndexPromisesMustBeThere() {
        bytes("one.safetensors", "a");
        index("a", "one.safetensors", "b", "one.safetensors");
        assertFault(INDEX, "\"b\"", "one.safetensors", "in no shard");
        bytes("two.safetensors", "b");
        index("a", "one.safetensors", "b", "two.safetensors", "c", "two.safetensors");
        assertFault("\"c\"");
        index("a", "two.safetensors", "b", "one.safetensors");
        assertFault("should be in", "it is in");
        index("a", "one.safetensors", "b", "three.safetensors");
        assertFault("three.safetensors", "is missing");
    }

    @Test
    public void aTensorInTwoShardsIsRefused() {
        bytes("one.safetensors", "a", "b");
        bytes("two.safetensors", "b");
        index("a", "one.safetensors", "b", "two.safetensors");
        assertFault("\"b\"", "is also in", "one.safetensors");
    }

    @DataProvider
    Object[][] damagedIndexes() {
        return new Object[][] {
            {"", "empty"},
            {"[]", "91"},
            {"{}", "no weight_map"},
            {"{\"weight_map\":7}", "BEGIN_OBJECT"},
            {"{\"weight_map\":{\"a\":7}}", "NUMBER"},
            {"{\"weight_map\":{\"a\":null}}", "NULL"},
            {"{\"weight_map\":{\"a\":\"s\",\"a\":\"s\"}}", "\"a\" comes twice"},
            {"{\"weight_map\":{},\"weight_map\":{}}", "weight_map comes twice"},
            {"{\"weight_map\":{\"a\":\"s\"}} {}", INDEX},
            {"{\"weight_map\":{\"a\":\"s\"}", "End of input"},
            {"{\"metadata\":" + "[".repeat(300) + "]".repeat(300) + "}", "255"},
        };
    }

    @Test(dataProvider = "damagedIndexes")
    public void damagedIndexIsOneException(String json, String said) {
        bytes("s", "a");
        folder.write(INDEX, json);
        assertFault(INDEX, said);
    }

    @Test
    public void anIndexCannotLeadOutOfItsDirectory() throws IOException {
        Path sub = Files.createDirectory(folder.resolve("sub"));
        bytes("sub/s.safetensors", "a");
        for (String name :
                new String[] {
                    "",
                    ".",
                    "..",
                    "/",
                    "sub/s.safetensors",
                    "./s",
                    "../s",
                    "sub\\\\s.safetensors",
                    "..\\\\s",
                    sub + "/s.safetensors",
                    "a\\u0000b"
                }) {
            index("a", name);
            assertFault(INDEX, "\"a\"", "plain name");
        }
        index("a", "sub");
        assertFault("sub", "regular file");
    }

    @Test
    public void linksAreFollowedAsInTheHubCache() throws IOException {
        Files.createDirectories(folder.resolve("blobs"));
        Path snapshot = Files.createDirectories(folder.resolve("snapshots/rev"));
        bytes("blobs/0123", "a");
        bytes("blobs/4567", "b");
        folder.write(
                "blobs/89ab", "{\"weight_map\":{\"a\":\"1.safetensors\",\"b\":\"2.safetensors\"}}");
        Files.createSymbolicLink(snapshot.resolve("1.safetensors"), Path.of("../../blobs/0123"));
        Files.createSymbolicLink(snapshot.resolve("2.safetensors"), Path.of("../../blobs/4567"));
        Files.createSymbolicLink(snapshot.resolve(INDEX), Path.of("../../blobs/89ab"));
        Checkpoint checkpoint = Checkpoint.open(snapshot);
        assertEquals(checkpoint.tensors().keySet().toString(), "[a, b]");
        assertEquals(checkpoint.get("b").file(), snapshot.resolve("2.safetensors"));
        Files.delete(folder.resolve("blobs/4567"));
        CheckpointException e =
                expectThrows(CheckpointException.class, () -> Checkpoint.open(snapshot));
        assertTrue(e.getMessage().contains("2.safetensors: is a link to nothing"), e.toString());
    }

    @DataProvider
    Object[][] places() {
        return new Object[][] {{INDEX}, {"model.safetensors"}, {"any.safetensors"}, {"shard"}};
    }

    @Test(dataProvider = "places", timeOut = 600_000)
    public void whatIsNoRegularFileIsRefusedWithoutOpeningIt(String place) throws Exception {
        if (place.equals("shard")) {
            index("a", "shard");
        }
        Path path = folder.resolve(place);
        Files.createDirectory(path);
        assertFault(place, "is not a regular file");
        Files.delete(path);
        Files.createSymbolicLink(path, Path.of("nowhere"));
        assertFault(place, "is a link to nothing");
        Files.delete(path);
        Files.createSymbolicLink(path, Path.of(place));
        assertFault(place); // a link to itself
        Files.delete(path);
        Files.createSymbolicLink(path, Path.of("/dev/zero"));
        assertFault(place, "is not a regular file");
        Files.delete(path);
        if (new ProcessBuilder("mkfifo", path.toString()).start().waitFor() != 0) {
            throw new SkipException("no mkfifo");
        }
        assertFault(place, "is not a regular file");
        assertThrows(CheckpointException.class, () -> Checkpoint.open(path));
    }
}
