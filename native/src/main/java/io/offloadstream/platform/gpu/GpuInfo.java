/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform.gpu;

/**
 * A device that a driver found.
 *
 * @param driver {@code cuda} or {@code opencl}
 * @param ordinal its place among the devices of that driver, from 0
 * @param name as the vendor calls it
 * @param vendor who made it
 * @param totalBytes memory in all
 * @param freeBytes memory that is free now, as far as the driver tells: OpenCL says the total
 * @param capability what kernels are compiled for: {@code sm_90}, {@code OpenCL 1.2}
 * @param driverVersion as the driver prints it
 * @param pciAddress {@code 0000:3b:00.0} in lower case, empty if the driver does not tell: what two
 *     drivers recognise one card by
 * @param isGpu false for a processor that poses as a device (PoCL)
 */
public record GpuInfo(
        String driver,
        int ordinal,
        String name,
        String vendor,
        long totalBytes,
        long freeBytes,
        String capability,
        String driverVersion,
        String pciAddress,
        boolean isGpu) {}
