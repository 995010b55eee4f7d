/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.text;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.offloadstream.checkpoint.CheckpointException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.testng.Assert;
import org.testng.annotations.Test;

public class TextTokenizerTest extends DirectoryFixture {

    @Test
    public void agreesWithReferenceTokenizers() throws IOException {
        int compared = 0;
        for (Path model : TextFixtures.referenceModels()) {
            JsonObject cases = TextFixtures.cases(model);
            if (!cases.has("tokenizer") || !cases.get("tokenizer").isJsonArray()) {
                continue;
            }
            try (TextTokenizer tokenizer = TextTokenizer.open(model)) {
                for (JsonElement element : cases.getAsJsonArray("tokenizer")) {
                    JsonObject expected = element.getAsJsonObject();
                    String text = expected.get("text").getAsString();
                    int[] ids = TextFixtures.ints(expected.get("input_ids"));
                    String where = model + ": " + text;
                    Assert.assertEquals(tokenizer.encode(text, true), ids, where);
                    Assert.assertEquals(
                            tokenizer.encode(text, false),
                            TextFixtures.ints(expected.get("input_ids_no_special")),
                            where);
                    Assert.assertEquals(
                            tokenizer.decode(ids, false),
                            expected.get("decoded").getAsString(),
                            where);
                    Assert.assertEquals(
                            tokenizer.decode(ids, true),
                            expected.get("decoded_skip_special").getAsString(),
                            where);
                    compared++;
                }
            }
        }
        Assert.assertTrue(compared > 100, "only " + compared + " texts were compared");
    }

    @Test
    public void chatTextGetsNoSecondBos() throws IOException {
        for (Path model : TextFixtures.referenceModels()) {
            JsonElement chats = TextFixtures.cases(model).get("chat");
            if (chats == null || !chats.isJsonArray()) {
                continue;
            }
            try (TextTokenizer tokenizer = TextTokenizer.open(model)) {
                for (JsonElement element : chats.getAsJsonArray()) {
                    JsonObject chat = element.getAsJsonObject();
                    Assert.assertEquals(
                            tokenizer.encodeChat(chat.get("text").getAsString()),
                            TextFixtures.ints(chat.get("input_ids")),
                            model.toString());
                }
            }
        }
    }

    @Test
    public void addsSpecialTokensToPlainTextOnly() {
        try (TextTokenizer tokenizer = TextTokenizer.open(TextFixtures.directory("byte-level"))) {
            int[] plain = tokenizer.encode("the tide", true);
            int[] chat = tokenizer.encodeChat("<s><|user|>the tide");
            Assert.assertEquals(plain[0], 0, "BOS of the tokenizer");
            Assert.assertEquals(chat[0], 0, "BOS of the template");
            Assert.assertEquals(chat[1], 2, "<|user|>");
            Assert.assertEquals(chat.length, plain.length + 1);
        }
    }

    /** The file asks for truncation to 8 and padding to 16 tokens. */
    @Test
    public void longPromptKeepsAllItsIds() {
        try (TextTokenizer tokenizer = TextTokenizer.open(TextFixtures.directory("byte-level"))) {
            String text = "q".repeat(5000);
            int[] ids = tokenizer.encode(text, false);
            Assert.assertEquals(ids.length, 5000);
            Assert.assertEquals(tokenizer.decode(ids, true), text);
            Assert.assertEquals(tokenizer.encode("q", false).length, 1, "no padding");
        }
    }

    @Test
    public void lonelySurrogateBecomesReplacementCharacter() {
        try (TextTokenizer tokenizer = TextTokenizer.open(TextFixtures.directory("byte-level"))) {
            int[] ids = tokenizer.encode("a\uD83Db \uD83D\uDE42", false);
            Assert.assertEquals(tokenizer.decode(ids, true), "a\uFFFDb \uD83D\uDE42");
        }
    }

    @Test
    public void missingAndDamagedFilesAreNamed() throws IOException {
        Path directory = newDirectory();
        Path file = directory.resolve("tokenizer.json");
        CheckpointException missing =
                Assert.expectThrows(CheckpointException.class, () -> TextTokenizer.open(directory));
        Assert.assertTrue(missing.getMessage().contains(file + " is missing"));
        String whole =
                Files.readString(TextFixtures.directory("byte-fallback").resolve("tokenizer.json"));
        for (String damaged :
                new String[] {
                    "",
                    "[]",
                    "{}",
                    "not json",
                    whole.substring(0, whole.length() / 2),
                    whole.replace("\"vocab\"", "\"vocabulary\"")
                }) {
            Files.writeString(file, damaged);
            CheckpointException e =
                    Assert.expectThrows(
                            CheckpointException.class, () -> TextTokenizer.open(directory));
            Assert.assertTrue(e.getMessage().contains(file.toString()), e.getMessage());
        }
    }

    @Test
    public void refusesWorkAfterClose() {
        TextTokenizer tokenizer = TextTokenizer.open(TextFixtures.directory("byte-level"));
        Assert.expectThrows(
                IllegalArgumentException.class, () -> tokenizer.decode(new int[] {-1}, true));
        tokenizer.close();
        tokenizer.close();
        Assert.expectThrows(IllegalStateException.class, () -> tokenizer.encode("a", true));
        Assert.expectThrows(
                IllegalStateException.class, () -> tokenizer.decode(new int[] {1}, true));
    }

    @Test
    public void knowsByteTokens() {
        try (TextTokenizer tokenizer =
                TextTokenizer.open(TextFixtures.directory("byte-fallback"))) {
            Assert.assertTrue(tokenizer.isByteToken(3), "<0x00>");
            Assert.assertTrue(tokenizer.isByteToken(258), "<0xFF>");
            Assert.assertFalse(tokenizer.isByteToken(2), "</s>");
            Assert.assertFalse(tokenizer.isByteToken(259), "first merged token");
        }
    }
}
