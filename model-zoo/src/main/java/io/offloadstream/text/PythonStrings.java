/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.text;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.function.IntPredicate;
import java.util.function.Predicate;

/** The methods of Python's {@code str}. */
final class PythonStrings {

    private PythonStrings() {}

    static Object call(String text, String name, Object[] arguments) {
        return switch (name) {
            case "strip" -> strip(text, arguments, true, true);
            case "lstrip" -> strip(text, arguments, true, false);
            case "rstrip" -> strip(text, arguments, false, true);
            case "split" -> split(text, arguments);
            case "rsplit" -> rsplit(text, arguments);
            case "splitlines" -> lines(text);
            case "startswith" -> any(arguments[0], text::startsWith);
            case "endswith" -> any(arguments[0], text::endsWith);
            case "upper" -> text.toUpperCase(Locale.ROOT);
            case "lower" -> text.toLowerCase(Locale.ROOT);
            case "title" -> title(text);
            case "capitalize" -> capitalize(text);
            case "replace" -> replace(text, arguments);
            case "join" -> String.join(text, strings((Collection<?>) arguments[0]));
            case PythonMethods.SLICE -> slice(text, arguments);
            default -> search(text, name, arguments);
        };
    }

    private static Object search(String text, String name, Object[] arguments) {
        return switch (name) {
            case "removeprefix" -> {
                String prefix = (String) arguments[0];
                yield text.startsWith(prefix) ? text.substring(prefix.length()) : text;
            }
            case "removesuffix" -> {
                String suffix = (String) arguments[0];
                yield text.endsWith(suffix)
                        ? text.substring(0, text.length() - suffix.length())
                        : text;
            }
            case "find" -> (long) text.indexOf((String) arguments[0]);
            case "rfind" -> (long) text.lastIndexOf((String) arguments[0]);
            case "count" -> (long) parts(text, (String) arguments[0], -1).size() - 1;
            default -> test(text, name);
        };
    }

    private static boolean test(String text, String name) {
        return switch (name) {
            case "isdigit" -> all(text, Character::isDigit);
            case "isalpha" -> all(text, Character::isLetter);
            case "isalnum" -> all(text, Character::isLetterOrDigit);
            case "isspace" -> all(text, PythonStrings::isSpace);
            case "isupper" ->
                    !text.equals(text.toLowerCase(Locale.ROOT))
                            && text.equals(text.toUpperCase(Locale.ROOT));
            case "islower" ->
                    !text.equals(text.toUpperCase(Locale.ROOT))
                            && text.equals(text.toLowerCase(Locale.ROOT));
            default -> throw PythonMethods.unknown("str", name);
        };
    }

    /** What str.isspace says: Java's two notions together. */
    static boolean isSpace(int c) {
        return Character.isWhitespace(c) || Character.isSpaceChar(c) || c == 0x85;
    }

    private static String strip(String text, Object[] arguments, boolean left, boolean right) {
        String characters =
                arguments.length > 0 && arguments[0] != null ? (String) arguments[0] : null;
        IntPredicate strips = c -> characters == null ? isSpace(c) : characters.indexOf(c) >= 0;
        int start = 0;
        int end = text.length();
        while (left && start < end && strips.test(text.codePointAt(start))) {
            start += Character.charCount(text.codePointAt(start));
        }
        while (right && end > start && strips.test(text.codePointBefore(end))) {
            end -= Character.charCount(text.codePointBefore(end));
        }
        return text.substring(start, end);
    }

    private static List<Object> split(String text, Object[] arguments) {
        int most = arguments.length > 1 ? ((Number) arguments[1]).intValue() : -1;
        if (arguments.length > 0 && arguments[0] != null) {
            return new ArrayList<>(parts(text, (String) arguments[0], most));
        }
        List<Object> words = new ArrayList<>();
        String rest = strip(text, new Object[0], true, most < 0);
        while (!rest.isEmpty()) {
            int end = 0;
            while (end < rest.length() && !isSpace(rest.charAt(end))) {
                end++;
            }
            if (words.size() == most) {
                end = rest.length();
            }
            words.add(rest.substring(0, end));
            rest = strip(rest.substring(end), new Object[0], true, false);
        }
        return words;
    }

    private static List<Object> rsplit(String text, Object[] arguments) {
        if (arguments.length < 2) {
            return split(text, arguments);
        }
        String separator = (String) arguments[0];
        int most = ((Number) arguments[1]).intValue();
        List<Object> parts = new ArrayList<>();
        int end = text.length();
        int at = text.lastIndexOf(separator);
        for (; at >= 0 && (most < 0 || parts.size() < most); ) {
            parts.add(text.substring(at + separator.length(), end));
            end = at;
            at = text.lastIndexOf(separator, end - separator.length());
        }
        parts.add(text.substring(0, end));
        Collections.reverse(parts);
        return parts;
    }

    private static List<String> parts(String text, String separator, int most) {
        if (separator.isEmpty()) {
            throw new IllegalArgumentException("empty separator");
        }
        List<String> parts = new ArrayList<>();
        int start = 0;
        int at = text.indexOf(separator);
        while (at >= 0 && parts.size() != most) {
            parts.add(text.substring(start, at));
            start = at + separator.length();
            at = text.indexOf(separator, start);
        }
        parts.add(text.substring(start));
        return parts;
    }

    private static List<Object> lines(String text) {
        List<Object> lines = new ArrayList<>();
        text.lines().forEach(lines::add);
        return lines;
    }

    private static boolean any(Object argument, Predicate<String> test) {
        if (argument instanceof Collection) {
            return strings((Collection<?>) argument).stream().anyMatch(test);
        }
        return test.test((String) argument);
    }

    private static List<String> strings(Collection<?> values) {
        List<String> strings = new ArrayList<>();
        for (Object value : values) {
            strings.add((String) value);
        }
        return strings;
    }

    private static String title(String text) {
        StringBuilder title = new StringBuilder();
        boolean inWord = false;
        for (int c : text.codePoints().toArray()) {
            title.appendCodePoint(inWord ? Character.toLowerCase(c) : Character.toTitleCase(c));
            inWord = Character.isLetter(c);
        }
        return title.toString();
    }

    private static String capitalize(String text) {
        if (text.isEmpty()) {
            return text;
        }
        int first = Character.charCount(text.codePointAt(0));
        return Character.toString(Character.toTitleCase(text.codePointAt(0)))
                + text.substring(first).toLowerCase(Locale.ROOT);
    }

    private static String replace(String text, Object[] arguments) {
        String from = (String) arguments[0];
        String to = (String) arguments[1];
        if (arguments.length == 2) {
            return text.replace(from, to);
        }
        return String.join(to, parts(text, from, ((Number) arguments[2]).intValue()));
    }

    private static boolean all(String text, IntPredicate test) {
        return !text.isEmpty() && text.codePoints().allMatch(test);
    }

    private static String slice(String text, Object[] arguments) {
        int[] points = text.codePoints().toArray();
        StringBuilder part = new StringBuilder();
        for (int index : PythonMethods.slice(points.length, arguments)) {
            part.appendCodePoint(points[index]);
        }
        return part.toString();
    }
}
