/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.text;

import java.util.Objects;

/**
 * One turn of a conversation.
 *
 * @param role who speaks, such as {@code system}, {@code user} or {@code assistant}; the template
 *     says which it takes
 * @param content what is said
 */
public record ChatMessage(String role, String content) {

    /** Refuses nulls, which a template would print. */
    public ChatMessage {
        Objects.requireNonNull(role, "role");
        Objects.requireNonNull(content, "content");
    }
}
