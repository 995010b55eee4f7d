/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.text;

import java.beans.FeatureDescriptor;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import jinjava.javax.el.ELContext;
import jinjava.javax.el.ELException;
import jinjava.javax.el.ELResolver;

/**
 * What Python's strings, lists and dicts answer in a template. A missing key or attribute is
 * undefined (null); a missing method is an error. Other objects are left to jinjava.
 *
 * <p>Source: the Python library reference, "Built-in Types"; of it, what reads and does not change.
 */
final class PythonMethods extends ELResolver {

    /** The method that slices are rewritten to. */
    static final String SLICE = "__slice";

    @Override
    public Object getValue(ELContext context, Object base, Object property) {
        if (!(base instanceof String string)) {
            return null;
        }
        context.setPropertyResolved(true);

        String name = String.valueOf(property);
        if (!name.matches("-?\\d{1,9}")) {
            return null;
        }
        int points = string.codePointCount(0, string.length());
        int index = Integer.parseInt(name);
        index = index < 0 ? index + points : index;
        return index < 0 || index >= points
                ? null
                : Character.toString(string.codePointAt(string.offsetByCodePoints(0, index)));
    }

    @Override
    public Object invoke(
            ELContext context, Object base, Object method, Class<?>[] types, Object[] arguments) {
        Object[] values = arguments == null ? new Object[0] : arguments;
        String name = String.valueOf(method);
        Object result;
        if (base instanceof String string) {
            result = PythonStrings.call(string, name, values);
        } else if (base instanceof Map) {
            result = dict((Map<?, ?>) base, name, values);
        } else if (base instanceof List) {
            result = list((List<?>) base, name, values);
        } else {
            return null;
        }
        context.setPropertyResolved(true);
        return result;
    }

    private static Object dict(Map<?, ?> map, String name, Object[] arguments) {
        switch (name) {
            case "items" -> {
                List<Object> items = new ArrayList<>();
                map.forEach((key, value) -> items.add(pair(key, value)));
                return items;
            }
            case "keys" -> {
                return new ArrayList<Object>(map.keySet());
            }
            case "values" -> {
                return new ArrayList<Object>(map.values());
            }
            case "get" -> {
                Object value = map.get(arguments[0]);
                return value == null && arguments.length > 1 ? arguments[1] : value;
            }
            default -> throw unknown("dict", name);
        }
    }

    private static List<Object> pair(Object key, Object value) {
        List<Object> pair = new ArrayList<>();
        pair.add(key);
        pair.add(value);
        return pair;
    }

    private static Object list(List<?> list, String name, Object[] arguments) {
        switch (name) {
            case SLICE -> {
                List<Object> part = new ArrayList<>();
                for (int index : slice(list.size(), arguments)) {
                    part.add(list.get(index));
                }
                return part;
            }
            case "index" -> {
                return (long) list.indexOf(arguments[0]);
            }
            case "count" -> {
                return (long) Collections.frequency(list, arguments[0]);
            }
            default -> throw unknown("list", name);
        }
    }

    static ELException unknown(String type, String name) {
        return new ELException(
                String.format(
                        Locale.ROOT,
                        "a %s has no method %s, or templates may not call it",
                        type,
                        name));
    }

    /** Python's slice.indices: start, stop, step, each of them null for the default. */
    static int[] slice(int length, Object[] arguments) {
        int step = arguments[2] == null ? 1 : ((Number) arguments[2]).intValue();
        if (step == 0) {
            throw new ELException("slice step cannot be zero");
        }
        int low = step > 0 ? 0 : -1;
        int high = step > 0 ? length : length - 1;
        int start = bound(arguments[0], step > 0 ? low : high, low, high, length);
        int stop = bound(arguments[1], step > 0 ? high : low, low, high, length);
        int count = step > 0 ? (stop - start + step - 1) / step : (start - stop - step - 1) / -step;
        int[] indices = new int[Math.max(0, count)];
        for (int i = 0; i < indices.length; i++) {
            indices[i] = start + i * step;
        }
        return indices;
    }

    private static int bound(Object value, int absent, int low, int high, int length) {
        if (value == null) {
            return absent;
        }
        int index = ((Number) value).intValue();
        index = index < 0 ? index + length : index;
        return Math.max(low, Math.min(index, high));
    }

    @Override
    public Class<?> getType(ELContext context, Object base, Object property) {
        return null;
    }

    @Override
    public void setValue(ELContext context, Object base, Object property, Object value) {
        // left to jinjava
    }

    @Override
    public boolean isReadOnly(ELContext context, Object base, Object property) {
        return true;
    }

    @Override
    public Iterator<FeatureDescriptor> getFeatureDescriptors(ELContext context, Object base) {
        return Collections.emptyIterator();
    }

    @Override
    public Class<?> getCommonPropertyType(ELContext context, Object base) {
        return null;
    }
}
