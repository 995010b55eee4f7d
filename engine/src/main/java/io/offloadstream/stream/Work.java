/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.stream;

/**
 * A request that a reader does next.
 *
 * @param slot where it lands
 * @param group whose it is, -1 for what is no group
 * @param index its place among the pieces of the group
 * @param piece what is read
 * @param name what for, for messages
 */
record Work(Slot slot, int group, int index, Piece piece, String name) {}
