/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.engine;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import io.offloadstream.checkpoint.CheckpointException;
import io.offloadstream.model.StreamedModel;
import io.offloadstream.model.TokenChooser;
import io.offloadstream.platform.OffloadStreamException;
import java.io.IOException;
import java.io.Reader;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;

/** Takes the most probable token, the first of equals, until one that ends the text. */
final class GreedyChooser implements TokenChooser {

    private static final String END_TOKENS = "eos_token_id";

    private final Set<Integer> endTokens;

    /**
     * Constructs a chooser.
     *
     * @param endTokens ids that end the text
     */
    GreedyChooser(Set<Integer> endTokens) {
        this.endTokens = Set.copyOf(endTokens);
    }

    /**
     * Makes the chooser of a model: the end tokens of {@code generation_config.json}, or those of
     * {@code config.json} where it names none, as in transformers.
     *
     * @param model an open model
     * @return the chooser
     * @throws CheckpointException if {@code generation_config.json} cannot be read
     */
    static GreedyChooser of(StreamedModel model) {
        Path file = model.directory().resolve("generation_config.json");
        Set<Integer> endTokens = Files.isRegularFile(file) ? read(file) : Set.of();
        if (endTokens.isEmpty()) {
            endTokens = new HashSet<>(model.config().integers(END_TOKENS));
        }
        return new GreedyChooser(endTokens);
    }

    private static Set<Integer> read(Path file) {
        Set<Integer> tokens = new HashSet<>();
        try (Reader reader = Files.newBufferedReader(file)) {
            JsonObject config = JsonParser.parseReader(reader).getAsJsonObject();
            JsonElement value = config.get(END_TOKENS);
            if (value != null && value.isJsonArray()) {
                value.getAsJsonArray().forEach(element -> tokens.add(element.getAsInt()));
            } else if (value != null && !value.isJsonNull()) {
                tokens.add(value.getAsInt());
            }
            return tokens;
        } catch (IOException
                | JsonParseException
                | IllegalStateException
                | UnsupportedOperationException
                | NumberFormatException e) {
            throw new CheckpointException(
                    file + " cannot be read as a JSON object with " + END_TOKENS + ": " + e, e);
        }
    }

    @Override
    public int next(FloatBuffer logits) {
        int best = 0;
        float bestLogit = Float.NEGATIVE_INFINITY;
        int count = logits.remaining();
        int first = logits.position();
        for (int id = 0; id < count; id++) {
            float logit = logits.get(first + id);
            if (logit > bestLogit) {
                bestLogit = logit;
                best = id;
            }
        }
        if (bestLogit == Float.NEGATIVE_INFINITY) {
            throw new OffloadStreamException(
                    "no logit of the last position is a number: the weights are damaged, or overflow"
                            + " float32");
        }
        return endTokens.contains(best) ? END : best;
    }
}
