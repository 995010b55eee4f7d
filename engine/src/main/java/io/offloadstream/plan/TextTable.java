/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.plan;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Lays text out in columns: the first to the left, the others to the right. */
public final class TextTable {

    private final List<String[]> rows = new ArrayList<>();

    /**
     * Adds a row.
     *
     * @param cells one text per column; later rows may have fewer
     */
    public void row(String... cells) {
        rows.add(cells.clone());
    }

    /**
     * Prints a time.
     *
     * @param seconds the time
     * @return with three digits, in seconds or milliseconds
     */
    public static String time(double seconds) {
        return seconds < 1
                ? String.format(Locale.ROOT, "%.3g ms", seconds * 1000)
                : String.format(Locale.ROOT, "%.3g s", seconds);
    }

    @Override
    public String toString() {
        int columns = rows.stream().mapToInt(row -> row.length).max().orElse(0);
        int[] widths = new int[columns];
        for (String[] row : rows) {
            for (int i = 0; i < row.length; i++) {
                widths[i] = Math.max(widths[i], row[i].length());
            }
        }
        StringBuilder text = new StringBuilder();
        for (String[] row : rows) {
            StringBuilder line = new StringBuilder();
            for (int i = 0; i < row.length; i++) {
                String padding = " ".repeat(widths[i] - row[i].length());
                line.append(i == 0 ? "" : "  ");
                line.append(i == 0 ? row[i] + padding : padding + row[i]);
            }
            text.append(line.toString().stripTrailing()).append('\n');
        }
        return text.toString();
    }
}
