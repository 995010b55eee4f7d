/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.stream;

/**
 * A request that a reader does next.
 *
 * @param slot where it lands
 * @param piece what is read
 * @param name what for, for messages
 */
record Work(Slot slot, Piece piece, String name) {}
