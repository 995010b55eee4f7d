/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.engine;

import io.offloadstream.model.KvShape;

/**
 * What a model takes, for the checks of a request.
 *
 * @param vocabSize token ids are below it
 * @param blockCount pairs of keys and values
 * @param kvShape heads and width of keys and values
 * @param maxSequenceLength past and new tokens together
 * @param maxBatch sequences of one request
 */
record RequestLimits(
        int vocabSize, int blockCount, KvShape kvShape, int maxSequenceLength, int maxBatch) {}
