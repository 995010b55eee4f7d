/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.examples;

import static java.util.stream.Collectors.joining;

import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.offloadstream.plan.TextTable;
import io.offloadstream.platform.OffloadStreamException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** The figures of a benchmark as a table or as JSON: value, limit, ratio. */
final class BenchReport {

    /** Above this a figure is no figure: its limit was measured too low. */
    static final double HIGHEST_RATIO = 1.02;

    private final List<BenchFigure> figures = new ArrayList<>();
    private final List<String> notes = new ArrayList<>();
    private final JsonArray peers = new JsonArray();

    void add(BenchFigure figure) {
        figures.add(figure);
    }

    /** Adds what a reader of the figures has to know besides. */
    void note(String text) {
        notes.add(text);
    }

    /** Adds what another program measured of itself, as it is. */
    void addPeer(JsonObject peer) {
        peers.add(peer);
    }

    /** The notes, a line each, and a table of all figures. */
    String table() {
        TextTable table = new TextTable();
        table.row("workload", "figure", "value", "limit", "ratio", "best limit", "to best", "of");
        for (BenchFigure figure : figures) {
            String value = number(figure.value()) + " " + figure.unit();
            if (figure.isBounded()) {
                table.row(
                        figure.workload(),
                        figure.name(),
                        value,
                        number(figure.limit()) + " " + figure.unit(),
                        ratio(figure.ratio()),
                        number(figure.bestLimit()) + " " + figure.unit(),
                        ratio(figure.ratioToBest()),
                        figure.limitName());
            } else {
                table.row(figure.workload(), figure.name(), value);
            }
        }
        return notes.stream().map(note -> note + System.lineSeparator()).collect(joining()) + table;
    }

    private static String ratio(double value) {
        return String.format(Locale.ROOT, "%.2f", value);
    }

    private static String number(double value) {
        int decimals = value < 10 ? 3 : value < 1000 ? 1 : 0;
        return String.format(Locale.ROOT, "%." + decimals + "f", value);
    }

    private static JsonArray array(List<Double> values) {
        JsonArray array = new JsonArray();
        values.forEach(array::add);
        return array;
    }

    /**
     * The same as JSON: {@code {"figures": [{"workload", "name", "value", "unit", ...}]}}, with the
     * rounds that a value, its limit and their ratio are the medians of; {@code bestLimit} is the
     * highest of the limits, {@code ratioToBest} the value over that. Where nothing bounds a figure
     * there are no limits; what is not measured in rounds has one value. Then {@code "notes"}, a
     * list of sentences, and {@code "peers"}, what other programs printed.
     */
    String json() {
        JsonArray list = new JsonArray();
        for (BenchFigure figure : figures) {
            JsonObject object = new JsonObject();
            object.addProperty("workload", figure.workload());
            object.addProperty("name", figure.name());
            object.addProperty("value", figure.value());
            object.addProperty("unit", figure.unit());
            if (figure.isBounded()) {
                object.addProperty("limitName", figure.limitName());
                object.addProperty("limit", figure.limit());
                object.addProperty("ratio", figure.ratio());
                object.addProperty("bestLimit", figure.bestLimit());
                object.addProperty("ratioToBest", figure.ratioToBest());
            }
            JsonObject rounds = new JsonObject();
            rounds.add("values", array(figure.rounds().values()));
            if (figure.isBounded()) {
                rounds.add("limits", array(figure.rounds().limits()));
            }
            object.add("rounds", rounds);
            list.add(object);
        }
        JsonObject report = new JsonObject();
        report.add("figures", list);
        JsonArray texts = new JsonArray();
        notes.forEach(texts::add);
        report.add("notes", texts);
        report.add("peers", peers);
        return new GsonBuilder().setPrettyPrinting().create().toJson(report);
    }

    /**
     * Checks the probes by the figures.
     *
     * @throws OffloadStreamException if something was faster than its limit
     */
    void checkLimits() {
        for (BenchFigure figure : figures) {
            if (figure.isBounded() && figure.ratio() > HIGHEST_RATIO) {
                throw new OffloadStreamException(
                        String.format(
                                Locale.ROOT,
                                "%s: %s reached %.3f of its limit, the %s (median of %d rounds):"
                                        + " that was measured too low, something else kept the"
                                        + " machine busy; run again",
                                figure.workload(),
                                figure.name(),
                                figure.ratio(),
                                figure.limitName(),
                                figure.rounds().values().size()));
            }
        }
    }
}
