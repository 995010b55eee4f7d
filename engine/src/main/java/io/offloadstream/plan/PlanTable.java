/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.plan;

import io.offloadstream.plan.PlanRequest.Term;
import io.offloadstream.plan.WeightGroup.Access;
import io.offloadstream.platform.MemorySize;
import java.util.ArrayList;
import java.util.List;

/** Prints a {@link ResidencyPlan}: groups that are alike in one line, then the budget by term. */
final class PlanTable {

    /** Longer runs of groups are drawn in lines of this length. */
    private static final int MAP_WIDTH = 64;

    private PlanTable() {}

    static String print(ResidencyPlan plan, Bandwidths bandwidths) {
        StringBuilder text = new StringBuilder();
        text.append(groups(plan)).append('\n');
        text.append(terms(plan)).append('\n');
        text.append(prediction(plan, bandwidths));
        return text.toString();
    }

    private static TextTable groups(ResidencyPlan plan) {
        TextTable table = new TextTable();
        table.row("group", "count", "each", "total", "in memory", "from disk");
        for (List<WeightGroup> run : runs(plan.groups())) {
            WeightGroup first = run.get(0);
            WeightGroup last = run.get(run.size() - 1);
            long resident = run.stream().filter(group -> plan.isResident(group.index())).count();
            String name = run.size() == 1 ? first.name() : first.name() + " to " + last.name();
            boolean gathered = first.access() == Access.GATHERED;
            table.row(
                    name,
                    Integer.toString(run.size()),
                    MemorySize.format(first.sizeBytes()),
                    MemorySize.format(first.sizeBytes() * run.size()),
                    Long.toString(resident),
                    run.size() - resident + (gathered && resident == 0 ? " (rows)" : ""));
            if (resident > 0 && resident < run.size()) {
                drawTiers(plan, run).forEach(line -> table.row("  " + line));
            }
        }
        return table;
    }

    /** Groups of one kind and size that follow each other. */
    private static List<List<WeightGroup>> runs(List<WeightGroup> groups) {
        List<List<WeightGroup>> runs = new ArrayList<>();
        for (WeightGroup group : groups) {
            List<WeightGroup> last = runs.isEmpty() ? null : runs.get(runs.size() - 1);
            if (last != null && isAlike(last.get(0), group)) {
                last.add(group);
            } else {
                runs.add(new ArrayList<>(List.of(group)));
            }
        }
        return runs;
    }

    private static boolean isAlike(WeightGroup one, WeightGroup other) {
        return one.access() == other.access()
                && one.sizeBytes() == other.sizeBytes()
                && kind(one).equals(kind(other));
    }

    private static String kind(WeightGroup group) {
        return group.name().replaceAll("[0-9]+", "#");
    }

    private static List<String> drawTiers(ResidencyPlan plan, List<WeightGroup> run) {
        List<String> lines = new ArrayList<>();
        for (int from = 0; from < run.size(); from += MAP_WIDTH) {
            StringBuilder line = new StringBuilder();
            for (WeightGroup group : run.subList(from, Math.min(run.size(), from + MAP_WIDTH))) {
                line.append(plan.isResident(group.index()) ? '#' : '.');
            }
            lines.add(line.toString());
        }
        return lines;
    }

    private static TextTable terms(ResidencyPlan plan) {
        TextTable table = new TextTable();
        table.row("hostMemory", "bytes");
        for (Term term : plan.terms()) {
            table.row("  " + term.name(), Long.toString(term.bytes()));
        }
        table.row("charged", Long.toString(plan.chargedBytes()));
        table.row("given", Long.toString(plan.hostMemoryBytes()));
        table.row("least that works", Long.toString(plan.leastBytes()));
        return table;
    }

    private static String prediction(ResidencyPlan plan, Bandwidths bandwidths) {
        double disk = plan.streamedBytesPerPass() / bandwidths.diskBytesPerSecond();
        double memory = plan.computedBytesPerPass() / bandwidths.memoryBytesPerSecond();
        TextTable table = new TextTable();
        table.row("stage", "bytes per token", "per second", "seconds per token");
        stage(table, "disk", plan.streamedBytesPerPass(), bandwidths.diskBytesPerSecond(), disk);
        stage(
                table,
                "memory",
                plan.computedBytesPerPass(),
                bandwidths.memoryBytesPerSecond(),
                memory);
        return table
                + "predicted: "
                + TextTable.time(Math.max(disk, memory))
                + " per token, bottleneck: "
                + (disk > memory ? "disk" : "memory")
                + '\n';
    }

    private static void stage(
            TextTable table, String name, long bytes, double bandwidth, double seconds) {
        table.row(
                name,
                MemorySize.format(bytes),
                MemorySize.format((long) bandwidth),
                TextTable.time(seconds));
    }
}
