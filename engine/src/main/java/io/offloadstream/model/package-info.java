/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */

/**
 * The architecture SPI and what drives it: a model directory opened under a budget, sessions,
 * passes.
 *
 * <p>Free of DJL. The zoo implements {@link io.offloadstream.model.Architecture}.
 */
package io.offloadstream.model;
