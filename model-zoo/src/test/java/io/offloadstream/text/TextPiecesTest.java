/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.text;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.testng.Assert;
import org.testng.annotations.DataProvider;
import org.testng.annotations.Test;

public class TextPiecesTest {

    private static final GenerationConfig CONFIG = GenerationConfig.DEFAULT;

    @DataProvider
    public Object[][] tokenizers() {
        return new Object[][] {{"byte-level", 300}, {"byte-fallback", 320}};
    }

    @Test(dataProvider = "tokenizers")
    public void piecesOfAnyTokensAreTheWholeText(String name, int ids) {
        try (TextTokenizer tokenizer = TextTokenizer.open(TextFixtures.directory(name))) {
            for (long seed = 0; seed < 300; seed++) {
                SplittableRandom random = new SplittableRandom(seed);
                int[] tokens = random.ints(random.nextInt(1, 200), 0, ids).toArray();
                assertWhole(tokenizer, tokens, name + ", seed " + seed);
            }
        }
    }

    @Test(dataProvider = "tokenizers")
    public void piecesNeverEndInsideACharacter(String name, int ids) {
        String text =
                "  the sea \uD83D\uDE42\u65E5\u672C\u8A9E, Gr\u00FC\u00DFe \uD83D\uDC69\u200D\uD83D\uDE80 and \u0301 the tide ";
        try (TextTokenizer tokenizer = TextTokenizer.open(TextFixtures.directory(name))) {
            int[] tokens = tokenizer.encode(text, false);
            List<String> pieces = assertWhole(tokenizer, tokens, name);
            Assert.assertEquals(String.join("", pieces), text);
            Assert.assertTrue(pieces.size() > 10, pieces.toString());
            for (String piece : pieces) {
                Assert.assertFalse(piece.contains("\uFFFD"), pieces.toString());
            }
        }
    }

    @Test
    public void bytesThatAreNoTextComeOutToo() {
        try (TextTokenizer tokenizer = TextTokenizer.open(TextFixtures.directory("byte-level"))) {
            int[] start = tokenizer.encode("\uD83D\uDE42", false);
            int[] tokens = new int[1000];
            for (int i = 0; i < tokens.length; i++) {
                tokens[i] = start[i % 7 == 3 ? 2 : 0];
            }
            assertWhole(tokenizer, tokens, "broken characters");
        }
    }

    @Test
    public void piecesOfReferenceAnswersAreTheWholeText() throws IOException {
        for (Path model : TextFixtures.referenceModels()) {
            try (TextTokenizer tokenizer = TextTokenizer.open(model)) {
                for (JsonElement element : TextFixtures.cases(model).getAsJsonArray("cases")) {
                    JsonObject expected = element.getAsJsonObject();
                    if (expected.get("greedy_new_tokens").isJsonNull()) {
                        continue;
                    }
                    for (JsonElement row : expected.getAsJsonArray("greedy_new_tokens")) {
                        assertWhole(tokenizer, TextFixtures.ints(row), model.toString());
                    }
                }
            }
        }
    }

    /** Feeds tokens one by one and returns the pieces that are not empty. */
    private static List<String> assertWhole(TextTokenizer tokenizer, int[] tokens, String where) {
        TextPieces pieces = new TextPieces(tokenizer, CONFIG);
        List<String> list = new ArrayList<>();
        for (int token : tokens) {
            list.add(pieces.accept(token));
        }
        list.add(pieces.finish());
        list.removeIf(String::isEmpty);
        Assert.assertEquals(
                String.join("", list),
                tokenizer.decode(tokens, true),
                where + ": " + Arrays.toString(tokens));
        return list;
    }

    @Test(dataProvider = "tokenizers")
    public void stopStringEndsTheTextAndIsNotPartOfIt(String name, int ids) {
        try (TextTokenizer tokenizer = TextTokenizer.open(TextFixtures.directory(name))) {
            int[] tokens = tokenizer.encode("the tide saw the moon over the sea", false);
            TextPieces pieces =
                    new TextPieces(
                            tokenizer, CONFIG.with(Map.of("stop", List.of("on over", "sea"))));
            StringBuilder text = new StringBuilder();
            int accepted = 0;
            while (!pieces.isFinished()) {
                text.append(pieces.accept(tokens[accepted++]));
                Assert.assertFalse(text.toString().contains("on"), "held back: " + text);
            }
            Assert.assertEquals(text.toString(), "the tide saw the mo");
            Assert.assertTrue(accepted < tokens.length, "ends before the text does");
            Assert.assertEquals(pieces.accept(tokens[0]), "");
            Assert.assertEquals(pieces.finish(), "");
        }
    }

    @Test
    public void heldBackTextComesOutWhenItIsNoStopString() {
        try (TextTokenizer tokenizer = TextTokenizer.open(TextFixtures.directory("byte-level"))) {
            TextPieces pieces =
                    new TextPieces(tokenizer, CONFIG.with(Map.of("stop", List.of("abac", "zz"))));
            StringBuilder text = new StringBuilder();
            List<String> list = new ArrayList<>();
            for (int token : tokenizer.encode("ababab", false)) {
                list.add(pieces.accept(token));
            }
            list.forEach(text::append);
            Assert.assertEquals(text.toString(), "abab", "\"ab\" may go on");
            Assert.assertFalse(pieces.isFinished());
            Assert.assertEquals(pieces.finish(), "ab");
        }
    }

    @Test
    public void eosEndsTheText() {
        try (TextTokenizer tokenizer = TextTokenizer.open(TextFixtures.directory("byte-level"))) {
            GenerationConfig config =
                    new GenerationConfig(
                            10, false, 1, 0, 1, 0, 1, CONFIG.seed(), List.of("sea!"), List.of(1));
            TextPieces pieces = new TextPieces(tokenizer, config);
            StringBuilder text = new StringBuilder();
            for (int token : tokenizer.encode("the sea", false)) {
                text.append(pieces.accept(token));
            }
            Assert.assertEquals(text.toString(), "the ");
            Assert.assertEquals(pieces.accept(1), "sea");
            Assert.assertTrue(pieces.isFinished());
        }
    }
}
