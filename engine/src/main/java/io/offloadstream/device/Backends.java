/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.device;

import io.offloadstream.device.cpu.CpuBackend;
import io.offloadstream.device.gpu.GpuBackend;
import io.offloadstream.ops.AttentionPlace;
import io.offloadstream.ops.ComputeType;
import io.offloadstream.ops.Gemm;
import io.offloadstream.platform.cuda.CudaDriver;
import io.offloadstream.platform.gpu.Gpu;
import io.offloadstream.platform.opencl.OpenClDriver;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;

/** Opens the backend that options ask for. The only place that knows which there are. */
public final class Backends {

    /** Stands for whichever device the choice finds. */
    public static final int ANY_DEVICE = -1;

    /** The preferred driver first: a card that several reach belongs to the first of them. */
    private static final Devices DEVICES =
            new Devices(List.of(new CudaDriver(), new OpenClDriver()));

    private Backends() {}

    /**
     * Returns the devices of this machine, which are looked for once in a process.
     *
     * @return the list, and the choice among them
     */
    public static Devices devices() {
        return DEVICES;
    }

    /**
     * Opens a backend that multiplies by kernels of our own.
     *
     * @param name {@code auto}, {@code cuda}, {@code opencl} or {@code cpu}
     * @param device which device of {@code offloadstream devices}, or {@link #ANY_DEVICE}
     * @param threads compute threads of the CPU, the caller's included
     * @param computeType type of activations in matrix products; the CPU has no float16
     * @return the backend, for the caller to close
     * @throws IllegalArgumentException if there is no such device, as {@link Devices#choose} says
     * @throws io.offloadstream.platform.DeviceException if the backend is not available, or its
     *     device does not open
     */
    public static Backend open(String name, int device, int threads, ComputeType computeType) {
        return open(name, device, threads, computeType, Gemm.OWN);
    }

    /**
     * Opens a backend that attends to every cache where it computes all else.
     *
     * @param name {@code auto}, {@code cuda}, {@code opencl} or {@code cpu}
     * @param device which device of {@code offloadstream devices}, or {@link #ANY_DEVICE}
     * @param threads compute threads of the CPU, the caller's included
     * @param computeType type of activations in matrix products; the CPU has no float16
     * @param gemm what multiplies many rows on a device; of no meaning for the CPU
     * @return the backend, for the caller to close
     * @throws IllegalArgumentException if there is no such device, as {@link Devices#choose} says
     * @throws io.offloadstream.platform.DeviceException if the backend is not available, its device
     *     does not open, or it lacks the library that is asked for
     */
    public static Backend open(
            String name, int device, int threads, ComputeType computeType, Gemm gemm) {
        return open(name, device, threads, computeType, gemm, AttentionPlace.DEVICE);
    }

    /**
     * Opens a backend.
     *
     * @param name {@code auto}, {@code cuda}, {@code opencl} or {@code cpu}. Under {@code auto}
     *     without a device's number one that does not open is a WARN, and the next is tried
     * @param device which device of {@code offloadstream devices}, or {@link #ANY_DEVICE}
     * @param threads compute threads of the CPU, the caller's included
     * @param computeType type of activations in matrix products; the CPU has no float16
     * @param gemm what multiplies many rows on a device; of no meaning for the CPU
     * @param attention what attends to a cache in host memory; of no meaning for the CPU
     * @return the backend, for the caller to close
     * @throws IllegalArgumentException if there is no such device, as {@link Devices#choose} says
     * @throws io.offloadstream.platform.DeviceException if the backend is not available, its device
     *     does not open, or it lacks the library that is asked for
     */
    public static Backend open(
            String name,
            int device,
            int threads,
            ComputeType computeType,
            Gemm gemm,
            AttentionPlace attention) {
        return open(name, device, threads, computeType, gemm, attention, choice -> {});
    }

    /**
     * Opens a backend as the other does, and tells what was chosen.
     *
     * @param name as for the other
     * @param device as for the other
     * @param threads as for the other
     * @param computeType as for the other
     * @param gemm as for the other
     * @param attention as for the other
     * @param chosen is given the choice when it is open
     * @return the backend, for the caller to close
     */
    public static Backend open(
            String name,
            int device,
            int threads,
            ComputeType computeType,
            Gemm gemm,
            AttentionPlace attention,
            Consumer<DeviceChoice> chosen) {
        // threads of the host compute nothing else
        int attentionThreads = attention == AttentionPlace.HOST ? threads : 0;
        Function<Gpu, Backend> take =
                gpu -> new GpuBackend(gpu, computeType, gemm, attentionThreads);
        DeviceChoice choice;
        Optional<Backend> backend;
        if (gemm == Gemm.OWN) {
            Devices.Opened<Backend> opened = DEVICES.open(name, device, take);
            choice = opened.choice();
            backend = opened.device();
        } else {
            // A device without the library that is asked for is refused, not passed over
            Devices.Opened<Gpu> opened = DEVICES.open(name, device, Function.identity());
            choice = opened.choice();
            backend = opened.device().map(take);
        }
        Backend taken = backend.orElseGet(() -> new CpuBackend(threads, computeType));
        chosen.accept(choice);
        return taken;
    }
}
