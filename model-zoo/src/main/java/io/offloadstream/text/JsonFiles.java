/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.text;

import com.google.gson.Gson;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import io.offloadstream.checkpoint.CheckpointException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;

/** Reads the small JSON files of a model directory. */
final class JsonFiles {

    private JsonFiles() {}

    /**
     * Reads a file.
     *
     * @param file holds one JSON object
     * @return the object, empty if there is no such file
     * @throws CheckpointException if it cannot be read or is something else
     */
    static Optional<JsonObject> read(Path file) {
        try {
            JsonObject object = new Gson().fromJson(Files.readString(file), JsonObject.class);
            if (object == null) {
                throw new CheckpointException(file + " is empty, expected a JSON object");
            }
            return Optional.of(object);
        } catch (NoSuchFileException e) {
            return Optional.empty();
        } catch (IOException | JsonParseException | ClassCastException e) {
            throw new CheckpointException(
                    file + " cannot be read as a JSON object: " + e.getMessage(), e);
        }
    }
}
