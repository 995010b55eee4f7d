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

/** Prints a {@link ResidencyPlan}: groups that are alike in one line, then each budget by term. */
final class PlanTable {

    /** Longer runs of groups are drawn in lines of this length. */
    private static final int MAP_WIDTH = 64;

    private PlanTable() {}

    static String print(ResidencyPlan plan, Bandwidths bandwidths) {
        StringBuilder text = new StringBuilder();
        text.append(groups(plan)).append('\n');
        text.append(terms(plan)).append('\n');
        text.append(Prediction.of(plan, bandwidths));
        return text.toString();
    }

    private static TextTable groups(ResidencyPlan plan) {
        TextTable table = new TextTable();
        boolean device = plan.hasDevice();
        if (device) {
            table.row("group", "count", "each", "total", "on device", "on host", "from disk");
        } else {
            table.row("group", "count", "each", "total", "in memory", "from disk");
        }
        for (List<WeightGroup> wholes : runs(plan)) {
            WeightGroup first = wholes.get(0);
            WeightGroup last = wholes.get(wholes.size() - 1);
            int parts = plan.wholes().partCount(first.index());
            List<WeightGroup> run = plan.groups().subList(first.index(), last.index() + parts);
            long resident = run.stream().filter(group -> plan.isResident(group.index())).count();
            long onHost = run.stream().filter(group -> plan.isOnHost(group.index())).count();
            String name = wholes.size() == 1 ? first.name() : first.name() + " to " + last.name();
            boolean gathered = first.access() == Access.GATHERED || first.access() == Access.INDEX;
            List<String> cells = new ArrayList<>();
            cells.add(name);
            cells.add(wholes.size() + (parts == 1 ? "" : " of " + parts + " parts"));
            cells.add(MemorySize.format(first.sizeBytes()));
            cells.add(MemorySize.format(first.sizeBytes() * wholes.size()));
            // gathered tables and what they need are kept in host memory whatever computes
            cells.add(Long.toString(device && gathered ? 0 : resident));
            if (device) {
                cells.add(Long.toString(gathered ? resident : onHost));
            }
            long fromDisk = run.size() - resident - onHost;
            cells.add(fromDisk + (gathered && resident == 0 ? " (rows)" : ""));
            table.row(cells.toArray(String[]::new));
            boolean oneTier = resident == run.size() || onHost == run.size();
            if (!oneTier && fromDisk < run.size()) {
                drawTiers(plan, run, parts).forEach(line -> table.row("  " + line));
            }
        }
        return table;
    }

    /** Groups of one kind and size that follow each other, parts as what they are parts of. */
    private static List<List<WeightGroup>> runs(ResidencyPlan plan) {
        List<List<WeightGroup>> runs = new ArrayList<>();
        for (WeightGroup group : plan.groups()) {
            if (plan.wholes().partCount(group.index()) == 0) {
                continue;
            }
            List<WeightGroup> last = runs.isEmpty() ? null : runs.get(runs.size() - 1);
            if (last != null && isAlike(plan.wholes(), last.get(0), group.whole())) {
                last.add(group.whole());
            } else {
                runs.add(new ArrayList<>(List.of(group.whole())));
            }
        }
        return runs;
    }

    private static boolean isAlike(Wholes wholes, WeightGroup one, WeightGroup other) {
        return one.access() == other.access()
                && wholes.partCount(one.index()) == wholes.partCount(other.index())
                && one.sizeBytes() == other.sizeBytes()
                && kind(one).equals(kind(other));
    }

    private static String kind(WeightGroup group) {
        return group.name().replaceAll("[0-9]+", "#");
    }

    private static List<String> drawTiers(ResidencyPlan plan, List<WeightGroup> run, int parts) {
        List<String> lines = new ArrayList<>();
        int width = parts == 1 ? MAP_WIDTH : Math.max(1, MAP_WIDTH / 2 / parts) * parts;
        for (int from = 0; from < run.size(); from += width) {
            StringBuilder line = new StringBuilder();
            for (WeightGroup group : run.subList(from, Math.min(run.size(), from + width))) {
                boolean begins = parts > 1 && plan.wholes().partCount(group.index()) > 0;
                line.append(begins && line.length() > 0 ? " " : "");
                char kept = plan.isOnHost(group.index()) ? 'o' : '.';
                line.append(plan.isResident(group.index()) ? '#' : kept);
            }
            lines.add(line.toString());
        }
        return lines;
    }

    private static String terms(ResidencyPlan plan) {
        String host =
                budget(
                        "hostMemory",
                        plan.terms(),
                        plan.chargedBytes(),
                        plan.hostMemoryBytes(),
                        plan.leastBytes());
        if (!plan.hasDevice()) {
            return host;
        }
        return budget(
                        "deviceMemory",
                        plan.deviceTerms(),
                        plan.deviceChargedBytes(),
                        plan.deviceMemoryBytes(),
                        plan.deviceLeastBytes())
                + '\n'
                + host;
    }

    private static String budget(
            String option, List<Term> terms, long charged, long given, long least) {
        TextTable table = new TextTable();
        table.row(option, "bytes");
        for (Term term : terms) {
            table.row("  " + term.name(), Long.toString(term.bytes()));
        }
        table.row("charged", Long.toString(charged));
        table.row("given", Long.toString(given));
        table.row("least that works", Long.toString(least));
        return table.toString();
    }
}
