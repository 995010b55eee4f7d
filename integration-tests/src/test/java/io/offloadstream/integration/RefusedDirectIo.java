/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.integration;

import io.offloadstream.model.ModelOptions;
import io.offloadstream.model.StreamedModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/**
 * The main class of a JVM whose log is counted: runs a model twice where direct io is refused.
 * Arguments: the model, the file that takes the io in use.
 */
final class RefusedDirectIo {

    private RefusedDirectIo() {}

    public static void main(String[] arguments) throws IOException {
        Path directory = Path.of(arguments[0]);
        Map<String, String> options = Budgets.streaming(directory, 1, FaultFixture.LENGTH, "auto");
        try (StreamedModel model =
                StreamedModel.open(
                        directory, ModelOptions.parse(options), new WatchedStorage(true))) {
            FaultFixture.answer(model);
            FaultFixture.answer(model);
            Files.writeString(Path.of(arguments[1]), model.stats().io().name());
        }
    }
}
