/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.checkpoint;

import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import com.google.gson.stream.JsonWriter;
import io.offloadstream.checkpoint.PackedFormat.Group;
import io.offloadstream.checkpoint.PackedFormat.Tensor;
import io.offloadstream.platform.DType;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;

/** Groups of the packed format as JSON, read with suspicion and written. */
final class PackedJson {

    private final Path file;

    /**
     * Prepares to read.
     *
     * @param file for messages
     */
    PackedJson(Path file) {
        this.file = file;
    }

    /**
     * Reads one group and checks what can be checked without looking at its file.
     *
     * @param json positioned at an object
     * @return the group; its extent is a multiple of 4096 bytes that holds its tensors, which do
     *     not overlap
     * @throws CheckpointException if it is damaged
     * @throws IOException if the JSON is not well-formed
     */
    Group readGroup(JsonReader json) throws IOException {
        String name = null;
        String target = null;
        Long offset = null;
        Long sizeBytes = null;
        String crc = null;
        List<Tensor> tensors = null;
        Set<String> seen = new HashSet<>();
        json.beginObject();
        while (json.hasNext()) {
            String key = json.nextName();
            requireFirst(seen, key);
            switch (key) {
                case "name" -> name = string("a group", key, json);
                case "file" -> target = string("a group", key, json);
                case "offset" -> offset = StrictJson.wholeNumber(key, json, this::damaged);
                case "bytes" -> sizeBytes = StrictJson.wholeNumber(key, json, this::damaged);
                case "crc32c" -> crc = string("a group", key, json);
                case "tensors" -> tensors = readTensors(json);
                default -> json.skipValue();
            }
        }
        json.endObject();
        if (name == null
                || target == null
                || offset == null
                || sizeBytes == null
                || crc == null
                || tensors == null) {
            throw damaged(
                    "group "
                            + StrictJson.quote(String.valueOf(name))
                            + " needs name, file, offset, bytes, crc32c and tensors, one of them"
                            + " is missing");
        }
        return check(new Group(name, target, offset, sizeBytes, checksum(name, crc), tensors));
    }

    private List<Tensor> readTensors(JsonReader json) throws IOException {
        List<Tensor> tensors = new ArrayList<>();
        json.beginArray();
        while (json.hasNext()) {
            tensors.add(readTensor(json));
        }
        json.endArray();
        return tensors;
    }

    private Tensor readTensor(JsonReader json) throws IOException {
        String name = null;
        String typeName = null;
        long[] shape = null;
        Long offset = null;
        Long sizeBytes = null;
        Set<String> seen = new HashSet<>();
        json.beginObject();
        while (json.hasNext()) {
            String key = json.nextName();
            requireFirst(seen, key);
            switch (key) {
                case "name" -> name = string("a tensor", key, json);
                case "dtype" -> typeName = string("a tensor", key, json);
                case "shape" ->
                        shape =
                                StrictJson.wholeNumbers(
                                        key, json, SafetensorsReader.MAX_DIMENSIONS, this::damaged);
                case "offset" -> offset = StrictJson.wholeNumber(key, json, this::damaged);
                case "bytes" -> sizeBytes = StrictJson.wholeNumber(key, json, this::damaged);
                default -> json.skipValue();
            }
        }
        json.endObject();
        if (name == null
                || typeName == null
                || shape == null
                || offset == null
                || sizeBytes == null) {
            throw damaged(
                    "tensor "
                            + StrictJson.quote(String.valueOf(name))
                            + " needs name, dtype, shape, offset and bytes, one of them is"
                            + " missing");
        }
        DType type = PackedFormat.type(typeName);
        if (type == null) {
            throw damaged(
                    "tensor "
                            + StrictJson.quote(name)
                            + " has dtype "
                            + StrictJson.quote(typeName)
                            + ", known: "
                            + Arrays.toString(DType.values()));
        }
        List<Long> dimensions = Arrays.stream(shape).boxed().toList();
        return check(new Tensor(name, type, dimensions, offset, sizeBytes));
    }

    private Tensor check(Tensor tensor) {
        String subject = "tensor " + StrictJson.quote(tensor.name()) + " ";
        long expected;
        try {
            expected = PackedFormat.sizeBytes(tensor.type(), tensor.dimensions());
        } catch (ArithmeticException e) {
            throw damaged(subject + "of shape " + tensor.shape() + " has more than 2^63 bytes");
        } catch (IllegalArgumentException e) {
            throw damaged(subject + "of shape " + tensor.shape() + ": " + e.getMessage());
        }
        if (tensor.sizeBytes() != expected) {
            throw damaged(
                    subject
                            + "holds "
                            + tensor.sizeBytes()
                            + " bytes, expected "
                            + expected
                            + " for "
                            + tensor.type()
                            + tensor.shape());
        }
        if (tensor.offset() % PackedFormat.TENSOR_ALIGNMENT_BYTES != 0) {
            throw damaged(subject + "starts at byte " + tensor.offset() + ", no multiple of 256");
        }
        return tensor;
    }

    private Group check(Group group) {
        String subject = "group " + StrictJson.quote(group.name()) + " ";
        if (!CheckpointFiles.isPlainName(group.file())) {
            throw damaged(
                    subject
                            + "is in "
                            + StrictJson.quote(group.file())
                            + ", expected the plain name of a file beside it");
        }
        int unit = PackedFormat.GROUP_ALIGNMENT_BYTES;
        long end = group.offset() + group.sizeBytes();
        if (group.offset() % unit != 0 || group.sizeBytes() % unit != 0 || end < 0) {
            throw damaged(
                    subject
                            + "has "
                            + group.sizeBytes()
                            + " bytes at "
                            + group.offset()
                            + ", expected multiples of "
                            + unit
                            + " that end below 2^63");
        }
        long reached = group.offset();
        for (Tensor tensor : group.tensors()) {
            if (tensor.offset() < reached || tensor.sizeBytes() > end - tensor.offset()) {
                throw damaged(
                        "tensor "
                                + StrictJson.quote(tensor.name())
                                + " has "
                                + tensor.sizeBytes()
                                + " bytes at "
                                + tensor.offset()
                                + ", expected them behind the tensor before it and within "
                                + subject
                                + "at "
                                + group.offset()
                                + " to "
                                + end);
            }
            reached = tensor.offset() + tensor.sizeBytes();
        }
        return group;
    }

    private int checksum(String group, String text) {
        if (text.length() == 8 && text.chars().allMatch(HexFormat::isHexDigit)) {
            return HexFormat.fromHexDigits(text);
        }
        throw damaged(
                "group "
                        + StrictJson.quote(group)
                        + " has crc32c "
                        + StrictJson.quote(text)
                        + ", expected 8 hexadecimal digits");
    }

    /**
     * Reads a string.
     *
     * @param subject whose it is
     * @param key what it is
     * @param json positioned at it
     * @return the string
     * @throws IOException if the JSON is not well-formed
     */
    String string(String subject, String key, JsonReader json) throws IOException {
        if (json.peek() != JsonToken.STRING) {
            throw damaged(key + " of " + subject + " is " + json.peek() + ", expected a string");
        }
        return json.nextString();
    }

    /**
     * Checks that a member comes once.
     *
     * @param seen those before it
     * @param key its name
     */
    void requireFirst(Set<String> seen, String key) {
        if (!seen.add(key)) {
            throw damaged(StrictJson.quote(key) + " comes twice in one object");
        }
    }

    /**
     * Makes the exception for a fault.
     *
     * @param fault subject, value, expectation
     * @return the exception, with the remedy
     */
    CheckpointException damaged(String fault) {
        return new CheckpointException(file + ": " + fault + "; convert the model again");
    }

    /**
     * Writes one group.
     *
     * @param json takes an object
     * @param group the group
     * @throws IOException from the target
     */
    static void write(JsonWriter json, Group group) throws IOException {
        json.beginObject();
        json.name("name").value(group.name());
        json.name("file").value(group.file());
        json.name("offset").value(group.offset());
        json.name("bytes").value(group.sizeBytes());
        json.name("crc32c").value(HexFormat.of().toHexDigits(group.crc32c()));
        json.name("tensors").beginArray();
        for (Tensor tensor : group.tensors()) {
            json.beginObject();
            json.name("name").value(tensor.name());
            json.name("dtype").value(tensor.type().name());
            json.name("shape").beginArray();
            for (long dimension : tensor.shape()) {
                json.value(dimension);
            }
            json.endArray();
            json.name("offset").value(tensor.offset());
            json.name("bytes").value(tensor.sizeBytes());
            json.endObject();
        }
        json.endArray().endObject();
    }
}
