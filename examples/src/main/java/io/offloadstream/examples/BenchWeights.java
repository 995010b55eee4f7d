/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.examples;

import java.nio.file.Path;

/**
 * A checkpoint to run, and how its weights are stored.
 *
 * @param name {@code bf16}, {@code int8}
 * @param directory the checkpoint
 */
record BenchWeights(String name, Path directory) {}
