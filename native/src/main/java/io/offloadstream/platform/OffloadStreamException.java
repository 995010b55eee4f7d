/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform;

/**
 * A failure of the machine or of the data, rather than of the caller: a failed read, a budget that
 * does not hold what was asked. The message names the subject, the value, the limit and the remedy.
 *
 * <p>The DJL layer turns it into {@code EngineException}.
 */
public class OffloadStreamException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    /**
     * Constructs an exception.
     *
     * @param message subject, value, limit, remedy
     */
    public OffloadStreamException(String message) {
        super(message);
    }

    /**
     * Constructs an exception with its cause.
     *
     * @param message subject, value, limit, remedy
     * @param cause what the machine reported
     */
    public OffloadStreamException(String message, Throwable cause) {
        super(message, cause);
    }
}
