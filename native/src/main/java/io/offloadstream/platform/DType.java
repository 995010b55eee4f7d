/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform;

import java.util.Optional;

/**
 * Element types of stored tensors.
 *
 * <p>Most have elements of one size. {@link #Q8_0}, {@link #Q4_0} and {@link #BF16_PACKED} have
 * blocks of 32 elements along a row: a row is a whole number of blocks.
 *
 * <p>Source: the safetensors format specification, and ggml's {@code ggml-common.h} for the blocks;
 * {@link #code()} is the number that the C kernels know the type by ({@code kernels.h}).
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
    F8_E5M2(11, 1),
    /** 32 elements: scale f16, then 32 int8; {@code scale * q}. */
    Q8_0(12, 32, 34),
    /**
     * 32 elements: scale f16, then 16 bytes; byte j holds element j in its low half and element j +
     * 16 in its high half; {@code scale * (q - 8)}.
     */
    Q4_0(13, 32, 18),
    /**
     * 32 elements of BF16 in 12 bits each: 16 bytes of codes for the high bytes, then 32 low bytes.
     * Rows have escapes beside them: {@link PackedBf16}.
     */
    BF16_PACKED(14, 32, 48);

    private final int code;
    private final int blockElements;
    private final int blockBytes;

    DType(int code, int sizeBytes) {
        this(code, 1, sizeBytes);
    }

    DType(int code, int blockElements, int blockBytes) {
        this.code = code;
        this.blockElements = blockElements;
        this.blockBytes = blockBytes;
    }

    /**
     * Finds a type by its safetensors name. Types of blocks have none.
     *
     * @param name for example {@code BF16}
     * @return the type, or empty if the name is not known
     */
    public static Optional<DType> find(String name) {
        for (DType type : values()) {
            if (type.blockElements == 1 && type.name().equals(name)) {
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
     * @throws IllegalStateException for a type of blocks, whose elements have no size of their own
     */
    public int sizeBytes() {
        if (blockElements != 1) {
            throw new IllegalStateException("an element of " + this + " has no size of its own");
        }
        return blockBytes;
    }

    /**
     * Returns how many elements of a row make a block.
     *
     * @return 1 for types without blocks
     */
    public int blockElements() {
        return blockElements;
    }

    /**
     * Returns the size of elements that lie in one row.
     *
     * @param elements how many, a multiple of {@link #blockElements()}
     * @return bytes
     * @throws ArithmeticException if it is more than a long holds
     */
    public long bytes(long elements) {
        return Math.multiplyExact(elements / blockElements, (long) blockBytes);
    }

    /**
     * Tells whether products with the rows of a weight, and gathers of rows, take this type.
     *
     * @return true for those that are computable, and for blocks
     */
    public boolean isRowComputable() {
        return isComputable() || blockElements > 1;
    }

    /**
     * Tells whether every kernel takes weights of this type; products take some more.
     *
     * @return true for F32, F16 and BF16
     */
    public boolean isComputable() {
        return this == F32 || this == F16 || this == BF16;
    }
}
