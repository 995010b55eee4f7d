/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform.opencl;

import io.offloadstream.platform.SuppressForbidden;
import io.offloadstream.platform.gpu.GpuDriver;

/** Run in a process of its own, with another library. */
final class PrintDiscovery {

    private PrintDiscovery() {}

    @SuppressForbidden("what it is for")
    public static void main(String[] args) {
        GpuDriver.Discovery discovery = new OpenClDriver().discover();
        System.out.println(
                "devices "
                        + discovery.devices().size()
                        + " fault "
                        + discovery.isFault()
                        + " problem "
                        + discovery.problem());
    }
}
