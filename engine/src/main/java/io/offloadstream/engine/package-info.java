/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */

/** The DJL engine: provider, manager, arrays, model, block and predictor. */
package io.offloadstream.engine;
