/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.stream;

/** What a stream has done: bytes, busy and wait time per stage, and per pass. Immutable. */
public record StreamStats() {}
