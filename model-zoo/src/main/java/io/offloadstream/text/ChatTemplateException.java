/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.text;

import io.offloadstream.platform.OffloadStreamException;

/**
 * A chat template that does not take a conversation, or that fails. The message has what the
 * template says, its file and the line.
 */
public final class ChatTemplateException extends OffloadStreamException {

    private static final long serialVersionUID = 1L;

    /**
     * Constructs an exception.
     *
     * @param message what the template says, file and line
     * @param cause what was thrown below; null for none
     */
    public ChatTemplateException(String message, Throwable cause) {
        super(message, cause);
    }
}
