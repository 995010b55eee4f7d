/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */

/**
 * Access to the machine: the memory accountant, aligned memory off the heap, direct and mapped
 * files, and the compute kernels.
 *
 * <p>What it may use: the JDK and JNA, nothing of DJL and no other package of this project. Bytes
 * enter here from the disk ({@link io.offloadstream.platform.StorageFile}) into {@link
 * io.offloadstream.platform.HostMemory}, and leave as the results of {@link
 * io.offloadstream.platform.Kernels}.
 */
package io.offloadstream.platform;
