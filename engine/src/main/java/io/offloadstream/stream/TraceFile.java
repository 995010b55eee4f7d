/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.stream;

import com.google.gson.stream.JsonWriter;
import io.offloadstream.platform.OffloadStreamException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes a trace that Chrome ({@code about:tracing}) and Perfetto show: one track for the pass, one
 * per reader, and one per stream of a device. Events go to the file as they happen, so memory stays
 * bounded, and what was written before a crash can be loaded. Thread-safe.
 *
 * <p>Source: "Trace Event Format", JSON object format, complete events ({@code ph: X}).
 */
final class TraceFile implements AutoCloseable {

    /** The track of the thread that runs passes; readers have the tracks behind it. */
    static final int COMPUTE_TRACK = 0;

    private static final Logger LOG = LoggerFactory.getLogger(TraceFile.class);

    private final Path path;
    private final JsonWriter json;
    private final int readers;
    private final long origin = System.nanoTime();
    private boolean broken;
    private boolean closed;

    private TraceFile(Path path, JsonWriter json, int readers) {
        this.path = path;
        this.readers = readers;
        this.json = json;
    }

    /**
     * Creates the file that the options name, replacing an older one; null if they name none.
     *
     * @param readers threads that read
     */
    static TraceFile openIfAsked(StreamOptions options, int readers) {
        return options.trace() == null ? null : open(options.trace(), readers);
    }

    private static TraceFile open(Path path, int readers) {
        try {
            JsonWriter json = new JsonWriter(Files.newBufferedWriter(path, StandardCharsets.UTF_8));
            TraceFile trace = new TraceFile(path, json, readers);
            json.beginObject().name("traceEvents").beginArray();
            trace.nameTrack(COMPUTE_TRACK, "compute");
            for (int reader = 1; reader <= readers; reader++) {
                trace.nameTrack(reader, "ofs-read-" + (reader - 1));
            }
            return trace;
        } catch (IOException e) {
            throw new OffloadStreamException("trace=" + path + " cannot be written: " + e, e);
        }
    }

    /** Names the tracks of a device that has streams of its own. */
    synchronized void nameDevice() {
        try {
            nameTrack(COMPUTE_TRACK, "pass");
            for (DeviceTimeline.Track track : DeviceTimeline.Track.values()) {
                nameTrack(deviceTrack(track), "device " + track.name().toLowerCase(Locale.ROOT));
            }
        } catch (IOException e) {
            fail(e);
        }
    }

    /** The track of a stream of the device: they follow the readers'. */
    int deviceTrack(DeviceTimeline.Track track) {
        return readers + (track == DeviceTimeline.Track.COPY ? 1 : 2);
    }

    private void nameTrack(int track, String name) throws IOException {
        json.beginObject();
        json.name("name").value("thread_name").name("ph").value("M");
        json.name("pid").value(1).name("tid").value(track);
        json.name("args").beginObject().name("name").value(name).endObject();
        json.endObject();
    }

    /**
     * Writes an event.
     *
     * @param track whose
     * @param name of the group, or of what was waited for
     * @param startNanos by {@link System#nanoTime}
     * @param nanos how long it took
     * @param bytes how much was moved
     */
    synchronized void event(int track, String name, long startNanos, long nanos, long bytes) {
        if (broken || closed) {
            return;
        }
        try {
            json.beginObject();
            json.name("name").value(name).name("ph").value("X");
            json.name("pid").value(1).name("tid").value(track);
            json.name("ts").value((startNanos - origin) / 1e3).name("dur").value(nanos / 1e3);
            json.name("args").beginObject().name("bytes").value(bytes).endObject();
            json.endObject();
        } catch (IOException e) {
            fail(e);
        }
    }

    /** Hands what was written so far to the operating system. */
    synchronized void flush() {
        if (broken || closed) {
            return;
        }
        try {
            json.flush();
        } catch (IOException e) {
            fail(e);
        }
    }

    /** A full disk ends the trace, not the pass. */
    private void fail(IOException e) {
        broken = true;
        LOG.warn("trace={} ends here: {}", path, e.toString());
    }

    /** Ends the file. What comes later is left out: a pass may end after its stream was closed. */
    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        try {
            if (!broken) {
                json.endArray().endObject();
            }
            json.close();
        } catch (IOException e) {
            fail(e);
        }
    }
}
