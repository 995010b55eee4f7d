/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.model;

import io.offloadstream.device.Backend;
import io.offloadstream.device.DeviceLedger;
import io.offloadstream.platform.Storage;
import java.nio.file.Path;
import java.util.Optional;

/**
 * A model's plan for a device, and the share of the device that it is given.
 *
 * @param plan made for what other models left
 * @param claim of what the plan needs
 */
record DevicePlace(ModelPlan plan, DeviceLedger.Claim claim) {

    /**
     * Plans and claims. Another model may claim memory between the two; then what it left is
     * planned for.
     */
    static DevicePlace find(
            Path directory, ModelOptions options, Storage storage, Backend backend) {
        ModelPlan plan = ModelPlan.of(directory, options, storage, backend);
        while (true) {
            long chargedBytes = plan.residency().deviceChargedBytes();
            Optional<DeviceLedger.Claim> claim = plan.deviceBudget().claim(chargedBytes);
            if (claim.isPresent()) {
                return new DevicePlace(plan, claim.get());
            }
            plan = ModelPlan.again(directory, options, storage, backend);
        }
    }
}
