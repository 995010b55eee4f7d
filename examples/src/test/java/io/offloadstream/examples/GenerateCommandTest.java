/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.examples;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.testng.annotations.DataProvider;
import org.testng.annotations.Test;

/** The storyteller tells what the original implementation told. */
public class GenerateCommandTest {

    private static final String END = "<|im_end|>";
    private static final String PLAIN_END = "<|endoftext|>";

    /** One prompt of the goldens: flags that ask it, and the greedy text. */
    private record Golden(List<String> flags, String text) {

        @Override
        public String toString() {
            return flags.toString();
        }
    }

    private static List<Golden> goldens() throws IOException {
        List<Golden> goldens = new ArrayList<>();
        try (Reader reader =
                new InputStreamReader(
                        GenerateCommandTest.class.getResourceAsStream("/storyteller/cases.json"),
                        StandardCharsets.UTF_8)) {
            JsonObject file = JsonParser.parseReader(reader).getAsJsonObject();
            for (JsonElement element : file.getAsJsonArray("cases")) {
                JsonObject one = element.getAsJsonObject();
                List<String> flags = new ArrayList<>();
                boolean plain = !one.has("messages") || one.get("messages").isJsonNull();
                if (plain) {
                    flags.add("--prompt=" + one.get("text").getAsString());
                } else {
                    JsonArray messages = one.getAsJsonArray("messages");
                    assertEquals(messages.size(), 1);
                    JsonObject message = messages.get(0).getAsJsonObject();
                    flags.add("--prompt=" + message.get("content").getAsString());
                    flags.add("--chat");
                }
                String text = one.get("greedy_text").getAsString();
                String end = plain ? PLAIN_END : END;
                assertTrue(text.endsWith(end), text);
                goldens.add(new Golden(flags, text.substring(0, text.length() - end.length())));
            }
        }
        return goldens;
    }

    @DataProvider
    Object[][] cases() throws IOException {
        List<Object[]> cases = new ArrayList<>();
        for (Golden golden : goldens()) {
            cases.add(new Object[] {golden, List.of()});
            cases.add(new Object[] {golden, List.of("--host-memory=64MB", "--io=mmap")});
        }
        return cases.toArray(new Object[0][]);
    }

    @Test(dataProvider = "cases")
    public void greedyTextIsThatOfTheOriginal(Object golden, List<String> options) {
        Golden expected = (Golden) golden;
        List<String> args = new ArrayList<>(List.of("generate", "--temperature=0"));
        args.addAll(expected.flags());
        args.addAll(options);
        CliRun run = CliRun.of(args.toArray(new String[0]));
        assertEquals(run.code(), 0, run.err());
        assertEquals(run.out().strip(), expected.text().strip());
    }

    @Test
    public void theDefaultBudgetHoldsOnlySomeBlocks() {
        CliRun run = CliRun.of("plan");
        assertEquals(run.code(), 0, run.err());
        Matcher blocks =
                Pattern.compile("(?m)^layer\\.0 to layer\\.7 +8 .* (\\d+) +(\\d+)$")
                        .matcher(run.out());
        assertTrue(blocks.find(), run.out());
        int resident = Integer.parseInt(blocks.group(1));
        int streamed = Integer.parseInt(blocks.group(2));
        assertEquals(resident + streamed, 8, run.out());
        assertTrue(streamed > 0 && resident > 0, run.out());
    }

    @Test
    public void aSeedRepeatsAStory() {
        String[] args = {"generate", "--seed=7", "--max-tokens=40", "--prompt=Once upon a time"};
        CliRun first = CliRun.of(args);
        assertEquals(first.code(), 0, first.err());
        assertEquals(CliRun.of(args).out(), first.out());
        assertTrue(first.out().strip().length() > 40, first.out());
    }

    @Test
    public void statisticsFollowOnStandardError() {
        CliRun run = CliRun.of("generate", "--temperature=0", "--max-tokens=5", "--stop=zebra");
        assertEquals(run.code(), 0, run.err());
        assertTrue(run.err().contains("5 tokens (length)"), run.err());
        assertTrue(run.err().contains("tokens/s"), run.err());
        assertEquals(run.out().lines().count(), 1, run.out());
    }

    @Test
    public void badParametersAreUsageErrors() {
        assertEquals(CliRun.of("generate", "--temperature=-1").code(), 2);
        assertEquals(CliRun.of("generate", "--top-p=much").code(), 2);
        assertEquals(CliRun.of("generate", "--model=.").code(), 2);
    }
}
