/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform.cuda;

/** Results of the driver's calls that are told apart. Source: CUDA driver API, enum CUresult. */
final class CudaResult {

    static final int SUCCESS = 0;
    static final int OUT_OF_MEMORY = 2;
    static final int DEINITIALIZED = 4;
    static final int NO_DEVICE = 100;
    static final int NO_BINARY_FOR_GPU = 209;
    static final int NOT_FOUND = 500;
    static final int NOT_READY = 600;

    private CudaResult() {}

    /**
     * Tells whether a result means that the context is lost: every later call returns it again.
     *
     * @param result of a call
     * @return true if only a new context helps
     */
    static boolean isFatal(int result) {
        return switch (result) {
            case 46, // DEVICE_UNAVAILABLE
                            101, // INVALID_DEVICE: it fell off the bus
                            214, // ECC_UNCORRECTABLE
                            220, // NVLINK_UNCORRECTABLE
                            700, // ILLEGAL_ADDRESS
                            702, // LAUNCH_TIMEOUT
                            709, // CONTEXT_IS_DESTROYED
                            710, // ASSERT
                            714, // HARDWARE_STACK_ERROR
                            715, // ILLEGAL_INSTRUCTION
                            716, // MISALIGNED_ADDRESS
                            717, // INVALID_ADDRESS_SPACE
                            718, // INVALID_PC
                            719, // LAUNCH_FAILED
                            911, // EXTERNAL_DEVICE
                            999 -> // UNKNOWN
                    true;
            default -> false;
        };
    }
}
