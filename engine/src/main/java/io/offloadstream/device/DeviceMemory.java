/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.device;

/**
 * The memory of a device that has its own.
 *
 * @param device what several models on it recognise each other by: {@code cuda:0}
 * @param totalBytes in all
 * @param freeBytes not in use by anybody, as far as the driver tells
 * @param contextBytes what the driver, the context and the kernels take for this process: part of
 *     the user's {@code deviceMemory}
 * @param libraryBytes what the vendor's library of products takes for this model, claimed with it
 */
public record DeviceMemory(
        String device, long totalBytes, long freeBytes, long contextBytes, long libraryBytes) {}
