/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.checkpoint;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Random;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/** One to three seeded faults in a safetensors file or an index. */
final class Damage {

    private static final Pattern NUMBER = Pattern.compile("\\d+");
    private static final Pattern TOKEN = Pattern.compile("\"[^\"]*\"|\\d+|[\\[\\]{},:]");

    private static final List<String> NUMBERS =
            List.of(
                    "0",
                    "-1",
                    "1",
                    "7",
                    "1e3",
                    "1.5",
                    "00",
                    "2147483648",
                    "4294967296",
                    "4611686018427387904",
                    "9223372036854775807",
                    "9223372036854775808",
                    "18446744073709551615",
                    "1e999999999",
                    "NaN",
                    "null",
                    "\"4\"",
                    "[]");
    private static final List<String> TOKENS =
            List.of(
                    "\"F64\"",
                    "\"U8\"",
                    "\"F4\"",
                    "\"dtype\"",
                    "\"shape\"",
                    "\"data_offsets\"",
                    "\"__metadata__\"",
                    "\"../x\"",
                    "\"\"",
                    "\"/etc/hostname\"",
                    "\"a\\/b\"",
                    "\"weight_map\"",
                    "{",
                    "}",
                    "[",
                    "]",
                    ",",
                    ":",
                    "true",
                    "null",
                    "/*",
                    "\\",
                    "\"\\ud800\"",
                    "[[[[[[[[",
                    "\u0000",
                    "\uffff");

    private final Random random;

    Damage(Random random) {
        this.random = random;
    }

    <T> T pick(Collection<T> values) {
        return new ArrayList<>(values).get(random.nextInt(values.size()));
    }

    byte[] apply(byte[] bytes, boolean isIndex) {
        byte[] damaged = bytes.clone();
        int faults = 1 + random.nextInt(3);
        for (int i = 0; i < faults; i++) {
            boolean text = isIndex || (damaged.length > 8 && random.nextInt(3) > 0);
            damaged = text ? damageText(damaged, isIndex) : damageBytes(damaged);
        }
        return damaged;
    }

    private byte[] damageBytes(byte[] bytes) {
        if (bytes.length == 0) {
            return new byte[random.nextInt(20)];
        }
        int at = random.nextInt(bytes.length);
        int length = Math.min(bytes.length - at, 1 + random.nextInt(40));
        byte[] damaged = bytes.clone();
        switch (random.nextInt(7)) {
            case 0 -> damaged[at] ^= (byte) (1 << random.nextInt(8));
            case 1 -> damaged[at] = (byte) random.nextInt(256);
            case 2 -> damaged = Arrays.copyOf(bytes, at);
            case 3 -> damaged = Arrays.copyOf(bytes, bytes.length + length);
            case 4 -> damaged = splice(bytes, at, at + length, new byte[0]);
            case 5 -> damaged = splice(bytes, at, at, Arrays.copyOfRange(bytes, at, at + length));
            default -> damageLength(damaged);
        }
        return damaged;
    }

    private void damageLength(byte[] bytes) {
        if (bytes.length < 8) {
            return;
        }
        ByteBuffer header = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        long length = header.getLong(0);
        long[] candidates = {
            0,
            length - 1,
            length + 1,
            length + 8,
            bytes.length,
            bytes.length - 8L,
            100_000_000,
            100_000_001,
            -1,
            Long.MIN_VALUE,
            random.nextLong(),
            random.nextInt(2 * bytes.length)
        };
        header.putLong(0, candidates[random.nextInt(candidates.length)]);
    }

    /** Changes the JSON and mostly mends the header length, so that the fault is reached. */
    private byte[] damageText(byte[] bytes, boolean isIndex) {
        int begin = isIndex ? 0 : 8;
        long length =
                isIndex
                        ? bytes.length
                        : ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong(0);
        if (length <= 0 || length > bytes.length - begin) {
            return damageBytes(bytes);
        }
        int end = begin + (int) length;
        // One char per byte: whatever was damaged before stays as it is
        String json = new String(bytes, begin, end - begin, StandardCharsets.ISO_8859_1);
        byte[] text = damageJson(json).getBytes(StandardCharsets.ISO_8859_1);
        byte[] damaged = splice(bytes, begin, end, text);
        if (!isIndex && random.nextInt(8) > 0) {
            ByteBuffer.wrap(damaged).order(ByteOrder.LITTLE_ENDIAN).putLong(0, text.length);
        }
        return damaged;
    }

    private String damageJson(String json) {
        boolean numbers = random.nextBoolean();
        List<MatchResult> found = (numbers ? NUMBER : TOKEN).matcher(json).results().toList();
        if (found.isEmpty()) {
            return json + "}";
        }
        MatchResult one = pick(found);
        MatchResult other = pick(found);
        String value =
                switch (random.nextInt(4)) {
                    case 0 -> other.group();
                    case 1 -> numbers ? pick(NUMBERS) : pick(TOKENS);
                    case 2 -> numbers ? Integer.toString(random.nextInt(200)) : "";
                    default -> one.group() + (numbers ? "," : "") + other.group();
                };
        String damaged = json.substring(0, one.start()) + value + json.substring(one.end());
        if (random.nextInt(3) > 0 || other.start() <= one.start()) {
            return damaged;
        }
        // Swaps the two, as exchanged offsets or names would be
        return json.substring(0, one.start())
                + other.group()
                + json.substring(one.end(), Math.max(one.end(), other.start()))
                + one.group()
                + json.substring(other.end());
    }

    private static byte[] splice(byte[] bytes, int from, int to, byte[] middle) {
        return ByteBuffer.allocate(from + middle.length + bytes.length - to)
                .put(bytes, 0, from)
                .put(middle)
                .put(bytes, to, bytes.length - to)
                .array();
    }
}
