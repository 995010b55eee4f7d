/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform;

/**
 * A device refused memory that its budget allows: others hold it, or the driver gives less in one
 * piece. Who can do with less may ask for less.
 */
public final class DeviceMemoryException extends DeviceException {

    private static final long serialVersionUID = 1;

    /**
     * Constructs an exception.
     *
     * @param message what for, how much, what there is, and what to do
     */
    public DeviceMemoryException(String message) {
        super(message);
    }

    /**
     * Constructs an exception.
     *
     * @param message what for, how much, what there is, and what to do
     * @param cause what was thrown below
     */
    public DeviceMemoryException(String message, Throwable cause) {
        super(message, cause);
    }
}
