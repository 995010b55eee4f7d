/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */

/* Activation functions by the codes of Activation; the formulas of the C kernels' elementwise.h. */

/* x / (1 + e^-x) */
HELPER float silu(float x) {
    return x / (1.0f + EXP(-x));
}

/* 0.5 (1 + tanh v) = 1 / (1 + e^(-2 v)), which does not cancel for negative v. */
HELPER float gelu_tanh(float x) {
    float v = FMA(x * x * x, 0.044715f, x) * (-2.0f * 0.7978845608028654f);
    return x / (1.0f + EXP(v));
}

/*
 * 0.5 (1 + erf(x / sqrt 2)) is e(x) for x < 0 and 1 - e(x) else, e(x) = 0.5 erfc(z / sqrt 2) with z = |x|.
 * e(x) e^(z^2 / 2) is fitted by a polynomial in 1 / (1 + 0.35 z) for z <= 14, to 3.2e-8 of itself; beyond,
 * e^(-z^2 / 2) is 0 in float32.
 */
HELPER float gelu_erf(float x) {
    float z = FMAX(x, -x);
    float t = 1.0f / FMA(z, 0.35f, 1.0f);
    float e = FMA(-0.029146139f, t, 0.14397271f);
    e = FMA(e, t, -0.25571632f);
    e = FMA(e, t, 0.15917648f);
    e = FMA(e, t, -0.023111418f);
    e = FMA(e, t, 0.10550866f);
    e = FMA(e, t, 0.119832702f);
    e = FMA(e, t, 0.1398619f);
    e = FMA(e, t, 0.13962141f);
    e = e * t * EXP(z * z * -0.5f);
    float tail = x * e;
    return x < 0.0f ? tail : x - tail;
}

HELPER float activation(int code, float x) {
    if (code == 0) {
        return silu(x);
    }
    if (code == 1) {
        return gelu_tanh(x);
    }
    if (code == 2) {
        return gelu_erf(x);
    }
    return FMAX(0.0f, x);
}
