/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.model;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertTrue;
import static org.testng.Assert.expectThrows;

import io.offloadstream.checkpoint.CheckpointException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.testng.annotations.AfterMethod;
import org.testng.annotations.BeforeMethod;
import org.testng.annotations.DataProvider;
import org.testng.annotations.Test;

public class EndTokensTest {

    private Path directory;

    @BeforeMethod
    void createDirectory() throws IOException {
        directory = Files.createTempDirectory("end-tokens");
    }

    @AfterMethod(alwaysRun = true)
    void deleteDirectory() throws IOException {
        Files.deleteIfExists(directory.resolve("generation_config.json"));
        Files.deleteIfExists(directory.resolve("config.json"));
        Files.delete(directory);
    }

    @DataProvider
    Object[][] files() {
        return new Object[][] {
            {null, null, List.of()},
            {null, "{\"eos_token_id\": [3, 4]}", List.of(3, 4)},
            {"{}", "{\"eos_token_id\": 3}", List.of(3)},
            {"{\"eos_token_id\": null}", "{\"eos_token_id\": 3}", List.of(3)},
            {"{\"eos_token_id\": 1}", "{\"eos_token_id\": 3}", List.of(1)},
            {"{\"eos_token_id\": []}", "{\"eos_token_id\": 3}", List.of()},
        };
    }

    @Test(dataProvider = "files")
    public void theFirstFileThatNamesThemDecides(
            String generation, String config, List<Integer> expected) throws IOException {
        write("generation_config.json", generation);
        write("config.json", config);
        assertEquals(EndTokens.of(directory), expected);
    }

    @Test
    public void aDamagedFileIsNamed() throws IOException {
        write("generation_config.json", "{\"eos_token_id\": [1.5]}");
        CheckpointException e =
                expectThrows(CheckpointException.class, () -> EndTokens.of(directory));
        assertTrue(e.getMessage().contains("generation_config.json"), e.getMessage());
        assertTrue(e.getMessage().contains("eos_token_id"), e.getMessage());
    }

    private void write(String name, String text) throws IOException {
        if (text != null) {
            Files.writeString(directory.resolve(name), text);
        }
    }
}
