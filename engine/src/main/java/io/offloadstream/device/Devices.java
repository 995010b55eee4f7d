/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.device;

import io.offloadstream.platform.DeviceException;
import io.offloadstream.platform.gpu.Gpu;
import io.offloadstream.platform.gpu.GpuDriver;
import io.offloadstream.platform.gpu.GpuInfo;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The devices of this machine, as its drivers found them: GPUs first, then processors that pose as
 * devices (PoCL), which are listed but never count. A card that two drivers see, by its PCI
 * address, is one device. Drivers are asked when they are first needed and once in a process, so
 * that a model on the CPU loads no driver. Thread-safe.
 */
public final class Devices {

    static final String AUTO = "auto";
    static final String CPU = "cpu";

    private static final Logger LOG = LoggerFactory.getLogger(Devices.class);

    private final List<GpuDriver> drivers;
    private final Map<String, GpuDriver.Discovery> discoveries = new LinkedHashMap<>();
    private final Logger log;
    private List<Entry> entries;

    /**
     * A device and the ways to it.
     *
     * @param number its place in the list, from 0
     * @param ways the device as each driver sees it, the preferred one first
     */
    public record Entry(int number, List<GpuInfo> ways) {

        /** Makes the list immutable. */
        public Entry {
            ways = List.copyOf(ways);
        }

        /**
         * Returns the device as the preferred driver sees it.
         *
         * @return the first of the ways
         */
        public GpuInfo info() {
            return ways.get(0);
        }

        Optional<GpuInfo> by(String driver) {
            return ways.stream().filter(way -> way.driver().equals(driver)).findFirst();
        }

        @Override
        public String toString() {
            return number
                    + " "
                    + info().name()
                    + ways.stream()
                            .map(GpuInfo::driver)
                            .collect(Collectors.joining(", ", " (", ")"));
        }
    }

    /**
     * Looks through drivers.
     *
     * @param drivers the preferred one first
     */
    public Devices(List<GpuDriver> drivers) {
        this(drivers, LOG);
    }

    Devices(List<GpuDriver> drivers, Logger log) {
        this.drivers = List.copyOf(drivers);
        this.log = log;
    }

    /**
     * Lists the devices.
     *
     * @return in the order of their numbers, which {@code deviceId} and {@code Device.gpu} mean
     */
    public synchronized List<Entry> list() {
        if (entries == null) {
            entries = merge(drivers);
        }
        return entries;
    }

    /** Devices of some drivers, in the order in which they are numbered. */
    private List<Entry> merge(List<GpuDriver> some) {
        List<List<GpuInfo>> gpus = new ArrayList<>();
        List<List<GpuInfo>> others = new ArrayList<>();
        for (GpuDriver driver : some) {
            for (GpuInfo info : discovery(driver).devices()) {
                add(info.isGpu() ? gpus : others, info);
            }
        }
        gpus.addAll(others);
        List<Entry> found = new ArrayList<>();
        gpus.forEach(ways -> found.add(new Entry(found.size(), ways)));
        return List.copyOf(found);
    }

    private static void add(List<List<GpuInfo>> devices, GpuInfo info) {
        for (List<GpuInfo> ways : devices) {
            // One driver may show a card twice too: Mesa's OpenCL beside the vendor's
            if (!info.pciAddress().isEmpty()
                    && ways.get(0).pciAddress().equals(info.pciAddress())) {
                ways.add(info);
                return;
            }
        }
        devices.add(new ArrayList<>(List.of(info)));
    }

    private synchronized GpuDriver.Discovery discovery(GpuDriver driver) {
        return discoveries.computeIfAbsent(driver.name(), name -> driver.discover());
    }

    /**
     * Returns how many devices are GPUs.
     *
     * @return a count; their numbers are the ones below it
     */
    public int gpuCount() {
        return (int) merge(withGpu(drivers)).stream().filter(entry -> entry.info().isGpu()).count();
    }

    private static List<GpuDriver> withGpu(List<GpuDriver> some) {
        return some.stream().filter(GpuDriver::mayHaveGpu).toList();
    }

    /**
     * Returns why drivers have no devices.
     *
     * @return one line for each driver that has none, by its name
     */
    public synchronized Map<String, String> problems() {
        Map<String, String> problems = new LinkedHashMap<>();
        for (GpuDriver driver : drivers) {
            GpuDriver.Discovery discovery = discovery(driver);
            if (discovery.devices().isEmpty()) {
                problems.put(driver.name(), discovery.problem());
            }
        }
        return problems;
    }

    /**
     * Chooses what computes. {@code auto} takes the first GPU of the first driver that has one,
     * else the CPU; a driver that does not work, or is missing beside a card, is one WARN. A
     * backend that is asked for by name is taken or refused; {@code opencl} takes a GPU if it has
     * one, else what it has.
     *
     * @param backend {@code auto}, {@code cuda}, {@code opencl} or {@code cpu}
     * @param number of the device, or {@link Backends#ANY_DEVICE}
     * @return the choice
     * @throws IllegalArgumentException if there is no such device, or the backend does not reach it
     * @throws DeviceException if the backend that was asked for has no device; the message says why
     */
    public DeviceChoice choose(String backend, int number) {
        boolean any = number == Backends.ANY_DEVICE;
        if (backend.equals(CPU)) {
            if (!any) {
                throw new IllegalArgumentException(
                        "deviceId="
                                + number
                                + " with backend=cpu: the CPU has no number; leave deviceId out, or"
                                + " choose backend=auto");
            }
            return DeviceChoice.CPU;
        }
        if (!backend.equals(AUTO)) {
            requireDevices(driver(backend));
            return any ? first(driver(backend)).orElseThrow() : numbered(backend, number);
        }
        return any ? automatic() : numbered(AUTO, number);
    }

    private DeviceChoice automatic() {
        return automatic(drivers).orElse(DeviceChoice.CPU);
    }

    /** The first GPU of some drivers. */
    private Optional<DeviceChoice> automatic(List<GpuDriver> some) {
        for (GpuDriver driver : some) {
            if (!driver.mayHaveGpu()) {
                log.info("backend {}: no sign of a GPU", driver.name());
                continue;
            }
            Optional<DeviceChoice> choice = first(driver);
            if (choice.isPresent() && choice.get().isGpu()) {
                return choice;
            }
            GpuDriver.Discovery discovery = discovery(driver);
            if (discovery.isFault()) {
                warnNotAvailable(
                        driver.name(),
                        (discovery.devices().isEmpty() ? "" : "it has no GPU: ")
                                + discovery.problem());
            } else {
                log.info(
                        "backend {} has no GPU{}",
                        driver.name(),
                        discovery.problem().isEmpty() ? "" : ": " + discovery.problem());
            }
        }
        return Optional.empty();
    }

    private void warnNotAvailable(String backend, String problem) {
        log.warn("backend {} is not available: {}; looking for another", backend, problem);
    }

    /**
     * A device that was opened.
     *
     * @param <T> what was made of it
     * @param choice what was chosen
     * @param device open, for the caller to close; empty for the CPU
     */
    record Opened<T>(DeviceChoice choice, Optional<T> device) {}

    /**
     * Opens what {@link #choose} chooses, or, where {@code auto} had a choice and it does not open,
     * the first GPU of the next driver, else the CPU: one WARN for each that was passed over. A
     * device that cannot be taken does not open.
     *
     * @param <T> what is made of the device
     * @param backend as for {@link #choose}
     * @param number as for {@link #choose}
     * @param take makes it, and closes the device if that fails
     * @return the device, open
     * @throws IllegalArgumentException as {@link #choose} does
     * @throws DeviceException if what was asked for is not available or does not open
     */
    <T> Opened<T> open(String backend, int number, Function<Gpu, T> take) {
        if (!backend.equals(AUTO) || number != Backends.ANY_DEVICE) {
            return open(choose(backend, number), take);
        }
        Optional<DeviceChoice> choice = automatic(drivers);
        while (choice.isPresent()) {
            String name = choice.get().backend();
            try {
                return open(choice.get(), take);
            } catch (DeviceException e) {
                String device = choice.get().info().orElseThrow().name();
                warnNotAvailable(name, device + " does not open: " + e.getMessage());
                log.debug("backend {}", name, e);
            }
            int next = drivers.indexOf(driver(name)) + 1;
            choice = automatic(drivers.subList(next, drivers.size()));
        }
        return open(DeviceChoice.CPU, take);
    }

    private <T> Opened<T> open(DeviceChoice choice, Function<Gpu, T> take) {
        Optional<Gpu> gpu = choice.info().map(info -> driver(choice.backend()).open(info));
        return new Opened<>(choice, gpu.map(take));
    }

    /** The first GPU of a driver, else the first device. */
    private Optional<DeviceChoice> first(GpuDriver driver) {
        List<GpuInfo> devices = discovery(driver).devices();
        return devices.stream()
                .filter(GpuInfo::isGpu)
                .findFirst()
                .or(() -> devices.stream().findFirst())
                .map(
                        info ->
                                new DeviceChoice(
                                        driver.name(),
                                        numberOf(driver, info),
                                        info.isGpu(),
                                        Optional.of(info)));
    }

    private int numberOf(GpuDriver driver, GpuInfo info) {
        // What drivers behind this one find has no part in the number of a GPU, so they stay asleep
        List<GpuDriver> before = drivers.subList(0, drivers.indexOf(driver) + 1);
        List<Entry> found = info.isGpu() ? merge(withGpu(before)) : list();
        return found.stream()
                .filter(entry -> entry.ways().contains(info))
                .findFirst()
                .orElseThrow()
                .number();
    }

    private DeviceChoice numbered(String backend, int number) {
        List<Entry> all = list();
        if (number < 0 || number >= all.size()) {
            throw new IllegalArgumentException(
                    "there is no device " + number + "; there are: " + describe(all));
        }
        Entry entry = all.get(number);
        GpuInfo info =
                (backend.equals(AUTO) ? Optional.of(entry.info()) : entry.by(backend))
                        .orElseThrow(
                                () ->
                                        new IllegalArgumentException(
                                                "backend="
                                                        + backend
                                                        + " does not reach device "
                                                        + entry
                                                        + "; there are: "
                                                        + describe(all)));
        return new DeviceChoice(info.driver(), number, info.isGpu(), Optional.of(info));
    }

    private String describe(List<Entry> all) {
        String devices = all.stream().map(Entry::toString).collect(Collectors.joining(", "));
        String missing =
                problems().entrySet().stream()
                        .map(problem -> problem.getKey() + ": " + problem.getValue())
                        .collect(Collectors.joining("; "));
        return (devices.isEmpty() ? "none" : devices)
                + (missing.isEmpty() ? "" : " (" + missing + ")");
    }

    private void requireDevices(GpuDriver driver) {
        GpuDriver.Discovery discovery = discovery(driver);
        if (discovery.devices().isEmpty()) {
            throw new DeviceException(
                    String.format(
                            Locale.ROOT,
                            "backend=%s is not available: %s; mend that, or use backend=auto",
                            driver.name(),
                            discovery.problem()));
        }
    }

    /** The driver of a backend. */
    private GpuDriver driver(String backend) {
        return drivers.stream()
                .filter(driver -> driver.name().equals(backend))
                .findFirst()
                .orElseThrow(
                        () ->
                                new IllegalArgumentException(
                                        "backend="
                                                + backend
                                                + " is not known; known: auto, "
                                                + drivers.stream()
                                                        .map(GpuDriver::name)
                                                        .collect(Collectors.joining(", "))
                                                + ", cpu"));
    }
}
