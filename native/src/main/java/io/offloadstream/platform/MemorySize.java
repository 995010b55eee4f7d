/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform;

import java.math.BigDecimal;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Memory sizes as people write them: {@code 7.8GB}, {@code 512MiB}, {@code 80%}, {@code 1000000}.
 */
public final class MemorySize {

    private static final Pattern FORM = Pattern.compile("([0-9]+(?:\\.[0-9]+)?)\\s*([a-z%]*)");
    private static final Map<String, Long> UNITS =
            Map.of(
                    "",
                    1L,
                    "b",
                    1L,
                    "kb",
                    1000L,
                    "mb",
                    1000_000L,
                    "gb",
                    1000_000_000L,
                    "tb",
                    1000_000_000_000L,
                    "kib",
                    1L << 10,
                    "mib",
                    1L << 20,
                    "gib",
                    1L << 30,
                    "tib",
                    1L << 40);

    private MemorySize() {}

    /**
     * Parses a size. KB, MB, GB, TB are powers of 1000; KiB, MiB, GiB, TiB of 1024; letters of
     * either case.
     *
     * @param name the option, for messages
     * @param text the size
     * @param wholeBytes what a percentage is of
     * @return bytes
     * @throws IllegalArgumentException if it is no size
     */
    public static long parse(String name, String text, long wholeBytes) {
        Matcher matcher = FORM.matcher(text.trim().toLowerCase(Locale.ROOT));
        if (matcher.matches()) {
            BigDecimal number = new BigDecimal(matcher.group(1));
            String unit = matcher.group(2);
            if (unit.equals("%") && number.compareTo(BigDecimal.valueOf(100)) <= 0) {
                return number.multiply(BigDecimal.valueOf(wholeBytes)).longValue() / 100;
            }
            Long factor = UNITS.get(unit);
            if (factor != null) {
                BigDecimal bytes = number.multiply(BigDecimal.valueOf(factor));
                if (bytes.compareTo(BigDecimal.valueOf(Long.MAX_VALUE)) <= 0) {
                    return bytes.longValue();
                }
            }
        }
        throw new IllegalArgumentException(
                name
                        + "="
                        + text
                        + " is no size; write for example 7.8GB, 512MiB, 80% (at most 100%) or a"
                        + " number of bytes");
    }

    /**
     * Formats a size for people.
     *
     * @param bytes a size
     * @return for example {@code 1.40 GB}; powers of 1000
     */
    public static String format(long bytes) {
        if (bytes < 1000) {
            return bytes + " B";
        }
        String[] units = {"KB", "MB", "GB", "TB", "PB"};
        double value = bytes;
        int unit = -1;
        do {
            value /= 1000;
            unit++;
        } while (value >= 999.995 && unit < units.length - 1);
        return String.format(Locale.ROOT, "%.2f %s", value, units[unit]);
    }
}
