/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.cache;

import io.offloadstream.platform.HostMemory;

/**
 * A page of keys and values.
 *
 * @param start where it starts, from {@link KvPages#base}
 * @param memory what it owns, or null for a part of something larger
 */
record KvPage(long start, HostMemory memory) {}
