/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.checkpoint;

import io.offloadstream.platform.OffloadStreamException;

/**
 * A checkpoint that is damaged, incomplete or not what its configuration says. The message names
 * the file, the tensor, the value and what was expected.
 *
 * <p>The DJL layer turns it into {@code MalformedModelException}.
 */
public final class CheckpointException extends OffloadStreamException {

    private static final long serialVersionUID = 1L;

    /**
     * Constructs an exception.
     *
     * @param message file, subject, value, expectation
     */
    public CheckpointException(String message) {
        super(message);
    }

    /**
     * Constructs an exception with its cause.
     *
     * @param message file, subject, value, expectation
     * @param cause what was thrown below
     */
    public CheckpointException(String message, Throwable cause) {
        super(message, cause);
    }
}
