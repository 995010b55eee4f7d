/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.model;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertFalse;
import static org.testng.Assert.assertThrows;
import static org.testng.Assert.assertTrue;
import static org.testng.Assert.expectThrows;

import io.offloadstream.checkpoint.CheckpointException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.testng.annotations.DataProvider;
import org.testng.annotations.Test;

public class ModelConfigTest {

    private static ModelConfig parse(String json) {
        return ModelConfig.parse(Path.of("dir", "config.json"), json.replace('\'', '"'));
    }

    @Test
    public void valuesAreReadByType() {
        ModelConfig config =
                parse(
                        "{'i': 3, 'whole': 4.0, 'd': 1e-05, 'f': true, 's': 'silu', 'n': null,"
                                + " 'l': ['a', 'b'], 'ids': [1, 2], 'o': {'x': 5}}");
        assertEquals(config.integer("i"), 3);
        assertEquals(config.integer("whole"), 4);
        assertEquals(config.integer("n", 7), 7);
        assertEquals(config.integer("gone", 8), 8);
        assertEquals(config.count("i"), 3);
        assertEquals(config.count("gone", 6), 6);
        assertEquals(config.number("d"), 1e-5);
        assertEquals(config.number("i"), 3.0);
        assertEquals(config.number("n", 0.5), 0.5);
        assertTrue(config.flag("f", false));
        assertTrue(config.flag("gone", true));
        assertEquals(config.string("s"), Optional.of("silu"));
        assertEquals(config.string("n"), Optional.empty());
        assertEquals(config.strings("l"), List.of("a", "b"));
        assertEquals(config.strings("gone"), List.of());
        assertEquals(config.integers("ids"), List.of(1, 2));
        assertEquals(config.integers("i"), List.of(3));
        assertEquals(config.integers("n"), List.of());
        assertEquals(config.object("o").orElseThrow().integer("x"), 5);
        assertEquals(config.object("gone"), Optional.empty());
        assertEquals(config.objectKeys(), List.of("o"));
    }

    @Test
    public void nullReadsAsAbsentButIsContained() {
        ModelConfig config = parse("{'n': null}");
        assertFalse(config.has("n"));
        assertTrue(config.contains("n"));
        assertFalse(config.contains("gone"));
    }

    @DataProvider
    public Object[][] wrong() {
        return new Object[][] {
            wrong("'3'", c -> c.integer("key")),
            wrong("3.5", c -> c.integer("key")),
            wrong("1e400", c -> c.integer("key")),
            wrong("3000000000", c -> c.integer("key", 1)),
            wrong("true", c -> c.integer("key")),
            wrong("[1]", c -> c.integer("key")),
            wrong("0", c -> c.count("key")),
            wrong("-4", c -> c.count("key", 2)),
            wrong("1000000000", c -> c.count("key")),
            wrong("'1.0'", c -> c.number("key")),
            wrong("1e999", c -> c.number("key", 1)),
            wrong("1", c -> c.flag("key", true)),
            wrong("'true'", c -> c.flag("key", true)),
            wrong("5", c -> c.string("key")),
            wrong("{}", c -> c.string("key")),
            wrong("'a'", c -> c.strings("key")),
            wrong("['a', 1]", c -> c.strings("key")),
            wrong("[1, null]", c -> c.integers("key")),
            wrong("'a'", c -> c.integers("key")),
            wrong("[]", c -> c.object("key")),
        };
    }

    private static Object[] wrong(String value, Consumer<ModelConfig> read) {
        return new Object[] {value, read};
    }

    @Test(dataProvider = "wrong")
    public void aValueOfTheWrongTypeNamesFileKeyAndValue(String value, Consumer<ModelConfig> read) {
        ModelConfig config = parse("{'key': " + value + "}");
        String message =
                expectThrows(CheckpointException.class, () -> read.accept(config)).getMessage();
        assertTrue(message.contains("config.json: key is "), message);
    }

    @Test
    public void aMissingValueAndANestedOneAreNamed() {
        ModelConfig config = parse("{'rope_scaling': {'factor': 'two'}}");
        String missing =
                expectThrows(CheckpointException.class, () -> config.integer("hidden_size"))
                        .getMessage();
        assertTrue(missing.contains("hidden_size is missing"), missing);
        String nested =
                expectThrows(
                                CheckpointException.class,
                                () -> config.ropeParameters().number("factor"))
                        .getMessage();
        assertTrue(nested.contains("rope_scaling.factor is \"two\""), nested);
    }

    @Test
    public void bothSpellingsGiveRopeParametersAndDtype() {
        ModelConfig published =
                parse("{'torch_dtype': 'float16', 'rope_scaling': {'factor': 2.0}}");
        ModelConfig newer = parse("{'dtype': 'float16', 'rope_parameters': {'factor': 2.0}}");
        for (ModelConfig config : List.of(published, newer)) {
            assertEquals(config.dtype(), Optional.of("float16"));
            assertEquals(config.ropeParameters().number("factor"), 2.0);
        }
        ModelConfig both =
                parse("{'rope_scaling': null, 'rope_parameters': {'rope_type': 'default'}}");
        assertEquals(both.ropeParameters().string("rope_type"), Optional.of("default"));
        assertFalse(parse("{}").ropeParameters().has("factor"));
    }

    @Test
    public void theArchitecturesComeBeforeTheModelType() {
        assertEquals(
                parse("{'architectures': ['A', 'B'], 'model_type': 'c'}").architectureNames(),
                List.of("A", "B"));
        assertEquals(
                parse("{'architectures': null, 'model_type': 'c'}").architectureNames(),
                List.of("c"));
        assertThrows(CheckpointException.class, () -> parse("{}").architectureNames());
    }

    @DataProvider
    public Object[][] damaged() {
        return new Object[][] {{""}, {"[]"}, {"{"}, {"{'a': }"}, {"3"}, {"{'a': 1} x"}};
    }

    @Test(dataProvider = "damaged")
    public void whatIsNoObjectIsAnError(String json) {
        assertThrows(CheckpointException.class, () -> parse(json));
    }

    @Test
    public void directoriesAndFilesAreReadAndWhatIsMissingIsAnError() throws IOException {
        Path directory = Files.createTempDirectory("config");
        Path file = directory.resolve("config.json");
        try {
            assertThrows(CheckpointException.class, () -> ModelConfig.read(directory));
            Files.writeString(file, "{\"vocab_size\": 11}");
            assertEquals(ModelConfig.read(directory).integer("vocab_size"), 11);
            assertEquals(ModelConfig.read(file).integer("vocab_size"), 11);
            Files.write(file, "{\"s\": \"\u00e9\"}".getBytes(StandardCharsets.ISO_8859_1));
            assertThrows(CheckpointException.class, () -> ModelConfig.read(directory));
        } finally {
            Files.deleteIfExists(file);
            Files.delete(directory);
        }
    }
}
