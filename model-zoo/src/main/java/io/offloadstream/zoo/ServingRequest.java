/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.zoo;

import ai.djl.modality.Input;
import ai.djl.ndarray.BytesSupplier;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import io.offloadstream.text.ChatMessage;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/**
 * The body of a request as DJL Serving's text handlers take it: plain text, or with content type
 * {@code application/json}
 *
 * <pre>{@code
 * {"inputs": "Once upon a time", "parameters": {"max_new_tokens": 32, "temperature": 0.7}}
 * {"messages": [{"role": "user", "content": "Hello"}], "parameters": {}}
 * }</pre>
 *
 * <p>{@code stream} may be there too; DJL Serving decides by it which method it calls.
 *
 * @param json whether the answer is to be JSON too
 * @param prompt plain text, or null where there are messages
 * @param messages a chat, or null where there is a prompt
 * @param parameters generation parameters by their snake_case names
 */
record ServingRequest(
        boolean json, String prompt, List<ChatMessage> messages, Map<String, Object> parameters) {

    private static final String INPUTS = "inputs";
    private static final String MESSAGES = "messages";
    private static final String PARAMETERS = "parameters";
    private static final TreeSet<String> VALID =
            new TreeSet<>(List.of(INPUTS, MESSAGES, PARAMETERS, "stream"));

    /**
     * Reads a request.
     *
     * @param input what DJL Serving received
     * @return the request
     * @throws IllegalArgumentException if the body is missing or malformed; the message has the key
     */
    static ServingRequest of(Input input) {
        BytesSupplier body = input.getData();
        if (body == null) {
            throw new IllegalArgumentException(
                    "the request has no body; send text, or JSON with " + INPUTS);
        }
        String type = input.getProperty("Content-Type", "");
        boolean json = type.split(";", 2)[0].strip().equalsIgnoreCase("application/json");
        if (!json) {
            return new ServingRequest(false, body.getAsString(), null, Map.of());
        }
        try {
            return parse(JsonParser.parseString(body.getAsString()).getAsJsonObject());
        } catch (JsonParseException | IllegalStateException e) {
            throw new IllegalArgumentException(
                    "the body is no JSON object as expected, {\"inputs\": \"...\", \"parameters\":"
                            + " {...}}: "
                            + e.getMessage(),
                    e);
        }
    }

    private static ServingRequest parse(JsonObject body) {
        for (String key : body.keySet()) {
            if (!VALID.contains(key)) {
                throw new IllegalArgumentException(
                        "key " + key + " of the body is not known; valid: " + VALID);
            }
        }
        if (body.has(INPUTS) == body.has(MESSAGES)) {
            throw new IllegalArgumentException(
                    "the body has "
                            + (body.has(INPUTS) ? "both " : "neither ")
                            + INPUTS
                            + " and "
                            + MESSAGES
                            + "; send one of them");
        }
        Map<String, Object> parameters = new LinkedHashMap<>();
        if (body.has(PARAMETERS)) {
            for (Map.Entry<String, JsonElement> entry :
                    body.getAsJsonObject(PARAMETERS).entrySet()) {
                if (!entry.getValue().isJsonNull()) {
                    parameters.put(entry.getKey(), value(entry.getValue(), entry.getKey()));
                }
            }
        }
        if (body.has(INPUTS)) {
            return new ServingRequest(true, text(body.get(INPUTS), INPUTS), null, parameters);
        }
        List<ChatMessage> messages = new ArrayList<>();
        for (JsonElement element : body.getAsJsonArray(MESSAGES)) {
            JsonObject message = element.getAsJsonObject();
            messages.add(
                    new ChatMessage(
                            text(message.get("role"), "messages[].role"),
                            text(message.get("content"), "messages[].content")));
        }
        return new ServingRequest(true, null, messages, parameters);
    }

    private static String text(JsonElement element, String key) {
        if (element == null
                || !element.isJsonPrimitive()
                || !element.getAsJsonPrimitive().isString()) {
            throw new IllegalArgumentException(key + " is " + element + "; expected a string");
        }
        return element.getAsString();
    }

    private static Object value(JsonElement element, String key) {
        if (element instanceof JsonArray array) {
            List<Object> values = new ArrayList<>();
            array.forEach(child -> values.add(value(child, key)));
            return values;
        }
        if (element instanceof JsonPrimitive primitive) {
            if (primitive.isBoolean()) {
                return primitive.getAsBoolean();
            }
            return primitive.isNumber() ? number(primitive) : primitive.getAsString();
        }
        throw new IllegalArgumentException(
                "parameter " + key + " is " + element + "; expected a value or a list of values");
    }

    private static Number number(JsonPrimitive primitive) {
        try {
            return Long.parseLong(primitive.getAsString());
        } catch (NumberFormatException e) {
            return primitive.getAsDouble();
        }
    }
}
