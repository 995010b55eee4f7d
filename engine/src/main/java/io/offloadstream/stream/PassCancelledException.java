/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.stream;

import io.offloadstream.platform.OffloadStreamException;

/** A pass was ended from outside: its predictor was closed, or its thread interrupted. */
public final class PassCancelledException extends OffloadStreamException {

    private static final long serialVersionUID = 1L;

    /**
     * Constructs an exception.
     *
     * @param message who ended it
     */
    public PassCancelledException(String message) {
        super(message);
    }
}
