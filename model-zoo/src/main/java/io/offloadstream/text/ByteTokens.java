/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.text;

import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import java.io.IOException;
import java.io.StringReader;
import java.util.BitSet;
import java.util.regex.Pattern;

/**
 * Finds the byte-fallback tokens of a {@code tokenizer.json}: {@code <0x00>} to {@code <0xFF>},
 * which the decoder {@code ByteFallback} joins. Such a decoder judges a run of byte tokens as a
 * whole: one bad byte turns all of the run into U+FFFD, so text is final only when the run ends.
 */
final class ByteTokens {

    private static final Pattern BYTE = Pattern.compile("<0x[0-9A-Fa-f]{2}>");

    private ByteTokens() {}

    /**
     * Reads the ids.
     *
     * @param json the text of tokenizer.json
     * @return the ids, none if the decoder joins no bytes
     * @throws IOException if the text is no JSON object of that form
     */
    static BitSet read(String json) throws IOException {
        BitSet ids = new BitSet();
        // Parsing a vocabulary of 250,000 entries takes time that most tokenizers need not spend.
        if (!json.contains("\"ByteFallback\"")) {
            return ids;
        }
        try (JsonReader reader = new JsonReader(new StringReader(json))) {
            reader.beginObject();
            while (reader.hasNext()) {
                if (reader.nextName().equals("model") && reader.peek() == JsonToken.BEGIN_OBJECT) {
                    readModel(reader, ids);
                } else {
                    reader.skipValue();
                }
            }
            reader.endObject();
        }
        return ids;
    }

    private static void readModel(JsonReader reader, BitSet ids) throws IOException {
        reader.beginObject();
        while (reader.hasNext()) {
            if (!reader.nextName().equals("vocab")) {
                reader.skipValue();
            } else if (reader.peek() == JsonToken.BEGIN_OBJECT) {
                readMap(reader, ids);
            } else {
                readList(reader, ids);
            }
        }
        reader.endObject();
    }

    /** BPE and WordPiece: token to id. */
    private static void readMap(JsonReader reader, BitSet ids) throws IOException {
        reader.beginObject();
        while (reader.hasNext()) {
            String token = reader.nextName();
            int id = reader.nextInt();
            if (BYTE.matcher(token).matches()) {
                ids.set(id);
            }
        }
        reader.endObject();
    }

    /** Unigram: [token, score], the id is the index. */
    private static void readList(JsonReader reader, BitSet ids) throws IOException {
        reader.beginArray();
        for (int id = 0; reader.hasNext(); id++) {
            reader.beginArray();
            if (BYTE.matcher(reader.nextString()).matches()) {
                ids.set(id);
            }
            reader.skipValue();
            reader.endArray();
        }
        reader.endArray();
    }
}
