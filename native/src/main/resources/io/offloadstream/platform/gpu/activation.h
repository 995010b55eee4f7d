/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */

/* Activation functions by the codes of Activation. */

HELPER float activation(int code, float x) {
    if (code == 0) {
        return x / (1.0f + EXP(-x));
    }
    if (code == 1) {
        float inner = 0.7978845608028654f * (x + 0.044715f * x * x * x);
        return 0.5f * x * (1.0f + TANH(inner));
    }
    if (code == 2) {
        return 0.5f * x * (1.0f + ERF(x * 0.7071067811865476f));
    }
    return FMAX(x, 0.0f);
}
