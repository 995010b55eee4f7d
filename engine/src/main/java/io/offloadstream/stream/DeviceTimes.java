/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.stream;

import io.offloadstream.stream.StreamStats.UploadStage;

/**
 * What the streams of a device have done so far, by the device's clock.
 *
 * @param onDevice whether there is such a device
 * @param upload the copy stream
 * @param computeNanos time of the compute stream between leases and their ends
 * @param comparedNanos time of the copy stream that was compared with the compute stream's
 * @param overlappedNanos how much of it the compute stream was busy too
 */
record DeviceTimes(
        boolean onDevice,
        UploadStage upload,
        long computeNanos,
        long comparedNanos,
        long overlappedNanos) {

    /** Where kernels compute in host memory. */
    static final DeviceTimes NONE =
            new DeviceTimes(false, new UploadStage(0, 0, 0, 0, 0, 0), 0, 0, 0);
}
