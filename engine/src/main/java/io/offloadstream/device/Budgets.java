/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.device;

import io.offloadstream.platform.MemoryBudget;

/**
 * What pays for a model's memory.
 *
 * @param host for {@code hostMemory}: staging, groups kept in RAM, NDArrays
 * @param device for {@code deviceMemory}: what kernels compute in; the same object as host where
 *     they compute in host memory
 */
public record Budgets(MemoryBudget host, MemoryBudget device) {}
