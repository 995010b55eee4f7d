/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.checkpoint;

import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import java.io.BufferedInputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/**
 * JSON from a part of a file that nobody vouches for: strict syntax, strict UTF-8, one object and
 * nothing behind it, at most 255 levels deep. Memory is bounded by the part's length.
 */
final class StrictJson {

    /** Reads the value of one member of the outermost object. */
    @FunctionalInterface
    interface Member {

        /**
         * Consumes exactly one value.
         *
         * @param name the member's name
         * @param json positioned at its value
         * @throws IOException if the JSON is not well-formed
         */
        void read(String name, JsonReader json) throws IOException;
    }

    private StrictJson() {}

    /**
     * Reads one object to the end of the part.
     *
     * @param file for messages
     * @param source the bytes, positioned at the part's start; not closed
     * @param length the part's length
     * @param member called for each member in order, duplicates included
     * @throws CheckpointException if it is not one well-formed object
     */
    static void readObject(Path file, InputStream source, long length, Member member) {
        try {
            BufferedInputStream bytes = new BufferedInputStream(new Part(source, length));
            bytes.mark(1);
            int first = bytes.read(); // a byte order mark or spaces would pass the parser
            if (first != '{') {
                throw new CheckpointException(
                        file
                                + ": the JSON "
                                + (first < 0 ? "is empty" : "starts with byte " + first)
                                + ", expected {");
            }
            bytes.reset();
            JsonReader json =
                    new JsonReader(
                            new InputStreamReader(
                                    bytes,
                                    StandardCharsets.UTF_8
                                            .newDecoder()
                                            .onMalformedInput(CodingErrorAction.REPORT)
                                            .onUnmappableCharacter(CodingErrorAction.REPORT)));
            json.setStrictness(Strictness.STRICT);
            json.beginObject();
            while (json.hasNext()) {
                member.read(json.nextName(), json);
            }
            json.endObject();
            if (json.peek() != JsonToken.END_DOCUMENT) {
                throw new CheckpointException(
                        file + ": there is " + json.peek() + " behind the JSON header's object");
            }
        } catch (IOException | IllegalStateException e) {
            // Gson tells a wrong kind of value by IllegalStateException, with the path to it
            throw new CheckpointException(file + ": JSON header: " + firstLine(e), e);
        }
    }

    /**
     * Reads an array of whole numbers.
     *
     * @param key what it is, for messages
     * @param json positioned at it
     * @param most how many it may have
     * @param damaged makes the exception for a fault
     * @return the numbers
     * @throws IOException if the JSON is not well-formed
     */
    static long[] wholeNumbers(
            String key, JsonReader json, int most, Function<String, CheckpointException> damaged)
            throws IOException {
        List<Long> numbers = new ArrayList<>();
        json.beginArray();
        while (json.hasNext()) {
            if (numbers.size() == most) {
                throw damaged.apply(key + " has more than " + most + " numbers");
            }
            numbers.add(wholeNumber(key, json, damaged));
        }
        json.endArray();
        return numbers.stream().mapToLong(Long::longValue).toArray();
    }

    /**
     * Reads a whole number from 0. Not {@code nextLong}: that takes 1e3, 1.0 and -0 too.
     *
     * @param key what it is, for messages
     * @param json positioned at it
     * @param damaged makes the exception for a fault
     * @return the number
     * @throws IOException if the JSON is not well-formed
     */
    static long wholeNumber(
            String key, JsonReader json, Function<String, CheckpointException> damaged)
            throws IOException {
        if (json.peek() != JsonToken.NUMBER) {
            throw damaged.apply(key + " holds " + json.peek() + ", expected whole numbers");
        }
        String text = json.nextString();
        if (text.length() <= 19 && text.chars().allMatch(c -> c >= '0' && c <= '9')) {
            try {
                return Long.parseLong(text);
            } catch (NumberFormatException e) {
                throw damaged.apply(key + " " + text + " is too large");
            }
        }
        throw damaged.apply(key + " " + quote(text) + ", expected a whole number of 63 bits");
    }

    private static String firstLine(Exception e) {
        return String.valueOf(e.getMessage()).lines().findFirst().orElse(e.toString());
    }

    /**
     * Shortens a text from the file for a message.
     *
     * @param text of any length
     * @return at most about 200 characters
     */
    static String quote(String text) {
        return text.length() <= 200
                ? "\"" + text + "\""
                : "\"" + text.substring(0, 200) + "...\" (" + text.length() + " characters)";
    }

    /** The next bytes of a stream, as a stream that ends. */
    private static final class Part extends FilterInputStream {

        private long left;

        Part(InputStream source, long length) {
            super(source);
            this.left = length;
        }

        @Override
        public int read() throws IOException {
            if (left == 0) {
                return -1;
            }
            left--;
            return in.read();
        }

        @Override
        public int read(byte[] target, int offset, int length) throws IOException {
            if (left == 0) {
                return -1;
            }
            int count = in.read(target, offset, (int) Math.min(length, left));
            left -= Math.max(count, 0);
            return count;
        }

        @Override
        public long skip(long count) throws IOException {
            long skipped = in.skip(Math.min(count, left));
            left -= skipped;
            return skipped;
        }

        @Override
        public int available() throws IOException {
            return (int) Math.min(in.available(), left);
        }

        @Override
        public boolean markSupported() {
            return false;
        }
    }
}
