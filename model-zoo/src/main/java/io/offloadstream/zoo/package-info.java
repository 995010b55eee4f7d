/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */

/** What a DJL user loads models with: the translator factory and the translators. */
package io.offloadstream.zoo;
