/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform;

import java.util.Optional;

/**
 * Element types of stored tensors.
 *
 * <p>Source: the safetensors format specification; {@link #code()} is the number that the C kernels
 * know the type by ({@code kernels.h}).
 */
public enum DType {
    F32(0, 4),
    F16(1, 2),
    BF16(2, 2),
    F64(3, 8),
    I64(4, 8),
    I32(5, 4),
    I16(6, 2),
    I8(7, 1),
    U8(8, 1),
    BOOL(9, 1),
    F8_E4M3(10, 1),
    F8_E5M2(11, 1);

    private final int code;
    private final int sizeBytes;

    DType(int code, int sizeBytes) {
        this.code = code;
        this.sizeBytes = sizeBytes;
    }

    /**
     * Finds a type by its safetensors name.
     *
     * @param name for example {@code BF16}
     * @return the type, or empty if the name is not known
     */
    public static Optional<DType> find(String name) {
        for (DType type : values()) {
            if (type.name().equals(name)) {
                return Optional.of(type);
            }
        }
        return Optional.empty();
    }

    /**
     * Returns the number that the C kernels know this type by.
     *
     * @return the code
     */
    public int code() {
        return code;
    }

    /**
     * Returns the size of one element.
     *
     * @return bytes
     */
    public int sizeBytes() {
        return sizeBytes;
    }

    /**
     * Tells whether kernels take weights of this type.
     *
     * @return true for F32, F16 and BF16
     */
    public boolean isComputable() {
        return this == F32 || this == F16 || this == BF16;
    }
}
