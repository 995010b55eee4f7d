/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */

/**
 * Devices through OpenCL 1.2: AMD, Intel and Apple GPUs, and PoCL's processor. Nothing newer and no
 * extension is needed: no sub-groups, no shared virtual memory. The system's library is loaded when
 * {@link io.offloadstream.platform.opencl.OpenClDriver} is first asked, not before.
 *
 * <p>OpenCL's memory objects have no addresses, so {@code AddressSpace} hands out numbers that look
 * like such, and copies and kernels resolve them to an object and an offset.
 */
package io.offloadstream.platform.opencl;
