/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.text;

import java.util.Collection;
import java.util.Iterator;
import java.util.Locale;
import java.util.Map;

/** How Python writes values: {@code str}, {@code repr}, {@code json.dumps}, and reads literals. */
final class PythonText {

    private PythonText() {}

    /** Resolves the escapes of a Python string literal. */
    static String unescape(String literal) {
        if (literal.indexOf('\\') < 0) {
            return literal;
        }
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < literal.length(); i++) {
            char c = literal.charAt(i);
            if (c != '\\') {
                text.append(c);
                continue;
            }
            char escape = literal.charAt(++i);
            int at = "ntrbfav0".indexOf(escape);
            int digits = escape == 'x' ? 2 : escape == 'u' ? 4 : escape == 'U' ? 8 : 0;
            if (at >= 0) {
                text.append("\n\t\r\b\f\u0007\u000b\0".charAt(at));
            } else if (digits > 0 && i + digits < literal.length()) {
                String hex = literal.substring(i + 1, i + 1 + digits);
                text.appendCodePoint(Integer.parseInt(hex, 16));
                i += digits;
            } else if ("\\'\"".indexOf(escape) >= 0) {
                text.append(escape);
            } else if (escape != '\n') {
                text.append('\\').append(escape);
            }
        }
        return text.toString();
    }

    /** {@code str(value)}; null is None. */
    static String str(Object value) {
        return value instanceof String string ? string : repr(value);
    }

    private static String repr(Object value) {
        StringBuilder text = new StringBuilder();
        repr(value, text);
        return text.toString();
    }

    private static void repr(Object value, StringBuilder text) {
        if (value == null) {
            text.append("None");
        } else if (value instanceof Boolean b) {
            text.append(b ? "True" : "False");
        } else if (value instanceof String string) {

            char quote = string.indexOf('\'') >= 0 && string.indexOf('"') < 0 ? '"' : '\'';
            text.append(quote);
            string.codePoints().forEach(c -> escape(c, quote, text));
            text.append(quote);
        } else if (value instanceof Map) {
            String separator = "";
            text.append('{');
            for (Map.Entry<?, ?> entry : ((Map<?, ?>) value).entrySet()) {
                text.append(separator);
                repr(entry.getKey(), text);
                text.append(": ");
                repr(entry.getValue(), text);
                separator = ", ";
            }
            text.append('}');
        } else if (value instanceof Collection) {
            String separator = "";
            text.append('[');
            for (Object element : (Collection<?>) value) {
                text.append(separator);
                repr(element, text);
                separator = ", ";
            }
            text.append(']');
        } else {
            text.append(value);
        }
    }

    private static void escape(int c, char quote, StringBuilder text) {
        int at = "\n\t\r\\".indexOf(c);
        if (at >= 0) {
            text.append('\\').append("ntr\\".charAt(at));
        } else if (c == quote) {
            text.append('\\').append(quote);
        } else {
            text.appendCodePoint(c);
        }
    }

    /**
     * {@code json.dumps(value, ensure_ascii=False, indent=indent)}.
     *
     * @param indent spaces per level; negative for one line
     */
    static String json(Object value, int indent) {
        StringBuilder text = new StringBuilder();
        json(value, indent, 0, text);
        return text.toString();
    }

    private static void json(Object value, int indent, int level, StringBuilder text) {
        if (value instanceof Map) {
            Map<?, ?> map = (Map<?, ?>) value;
            Iterator<? extends Map.Entry<?, ?>> entries = map.entrySet().iterator();
            text.append('{');
            while (entries.hasNext()) {
                Map.Entry<?, ?> entry = entries.next();
                newline(indent, level + 1, text);
                jsonString(str(entry.getKey()), text);
                text.append(": ");
                json(entry.getValue(), indent, level + 1, text);
                text.append(entries.hasNext() ? comma(indent) : "");
            }
            newline(map.isEmpty() ? -1 : indent, level, text);
            text.append('}');
        } else if (value instanceof Collection) {
            Iterator<?> elements = ((Collection<?>) value).iterator();
            text.append('[');
            while (elements.hasNext()) {
                newline(indent, level + 1, text);
                json(elements.next(), indent, level + 1, text);
                text.append(elements.hasNext() ? comma(indent) : "");
            }
            newline(((Collection<?>) value).isEmpty() ? -1 : indent, level, text);
            text.append(']');
        } else if (value instanceof String string) {
            jsonString(string, text);
        } else {
            text.append(value == null ? "null" : value.toString());
        }
    }

    private static String comma(int indent) {
        return indent < 0 ? ", " : ",";
    }

    private static void newline(int indent, int level, StringBuilder text) {
        if (indent >= 0) {
            text.append('\n').append(" ".repeat(indent * level));
        }
    }

    private static void jsonString(String string, StringBuilder text) {
        text.append('"');
        string.codePoints()
                .forEach(
                        c -> {
                            int at = "\"\\\n\r\t\b\f".indexOf(c);
                            if (at >= 0) {
                                text.append('\\').append("\"\\nrtbf".charAt(at));
                            } else if (c < 0x20) {
                                text.append(String.format(Locale.ROOT, "\\u%04x", c));
                            } else {
                                text.appendCodePoint(c);
                            }
                        });
        text.append('"');
    }
}
