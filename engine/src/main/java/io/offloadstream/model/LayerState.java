/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.model;

import io.offloadstream.ops.KvView;
import io.offloadstream.ops.RopeTable;
import io.offloadstream.ops.RowMap;

/**
 * What a block needs to know of the rows it runs: where they are in their sequences.
 *
 * @param rows sequence and slot of each row
 * @param kv this layer's keys and values
 * @param rope rotations of these rows, null where positions are learned
 */
public record LayerState(RowMap rows, KvView kv, RopeTable rope) {}
