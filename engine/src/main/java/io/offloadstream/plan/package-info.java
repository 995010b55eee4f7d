/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */

/**
 * What travels together and where it stays: weight groups, and the residency plan made from budgets
 * and bandwidths.
 *
 * <p>Uses {@code platform} and {@code checkpoint}. No weight byte is read here.
 */
package io.offloadstream.plan;
