/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.device.gpu;

/** What becomes of a product, as the kernels number it ({@code epilogue.h}). */
final class Epilogue {

    /** It is stored. */
    static final int STORE = 0;

    /** It is added to what is there. */
    static final int ADD = 1;

    /** It multiplies the activation of what is there. */
    static final int GATE = 2;

    private Epilogue() {}
}
