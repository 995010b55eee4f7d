/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform;

/**
 * A device refused or failed: out of memory beyond the budget's knowledge, a kernel that does not
 * compile (the message has the log), a failed launch, a lost device. The pass ends; what it held is
 * released, and the next model loads unless the device is lost.
 */
public class DeviceException extends OffloadStreamException {

    private static final long serialVersionUID = 1;

    /**
     * Constructs an exception.
     *
     * @param message what, where, and what to do
     */
    public DeviceException(String message) {
        super(message);
    }

    /**
     * Constructs an exception.
     *
     * @param message what, where, and what to do
     * @param cause what was thrown below
     */
    public DeviceException(String message, Throwable cause) {
        super(message, cause);
    }
}
