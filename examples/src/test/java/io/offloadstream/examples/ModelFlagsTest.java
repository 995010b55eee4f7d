/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.examples;

import static org.testng.Assert.assertEquals;

import io.offloadstream.model.ModelOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.testng.annotations.Test;

/** The options are listed in three places: where they are parsed, as flags, in the README. */
public class ModelFlagsTest {

    private static final Set<String> VALID = new TreeSet<>(ModelOptions.valid().keySet());

    @Test
    public void everyOptionIsAFlag() {
        Set<String> flags = new TreeSet<>();
        ModelFlags.ALL.forEach(flag -> flags.add(flag.option()));
        assertEquals(flags, VALID);
    }

    @Test
    public void theReadmeListsEveryOption() throws IOException {
        Path readme = Path.of("..", "README.md");
        String text = Files.readString(readme);
        int begin = text.indexOf("\n## Options\n");
        String table = text.substring(begin, text.indexOf("\n## ", begin + 1));
        Set<String> listed = new TreeSet<>();
        Matcher row = Pattern.compile("(?m)^\\| `(\\w+)` \\|").matcher(table);
        while (row.find()) {
            listed.add(row.group(1));
        }
        assertEquals(listed, VALID);
    }

    @Test
    public void namesAreInKebabCase() {
        assertEquals(new ModelFlags.Flag("kvCacheType", "TYPE", "").name(), "--kv-cache-type");
        assertEquals(new ModelFlags.Flag("io", "HOW", "").name(), "--io");
    }

    @Test
    public void optionsBecomeArguments() {
        assertEquals(
                ModelFlags.arguments(Map.of("hostMemory", "1GB")), List.of("--host-memory=1GB"));
        assertEquals(
                ModelFlags.arguments(Map.of("trackProgress", "true")), List.of("--track-progress"));
    }
}
