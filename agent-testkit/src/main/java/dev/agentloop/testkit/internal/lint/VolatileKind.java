package dev.agentloop.testkit.internal.lint;

import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Guesses what a value is that differs from one process to another: by its form, and by what it goes with. */
final class VolatileKind {
    private static final String MONTHS = "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*";

    /** In the order in which they are tried: a date also looks like a number. */
    private static final List<Form> FORMS = List.of(
            form("a UUID", "[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"),
            form("an identity hash code, by an object's own toString", "[\\w.$]+@[0-9a-f]{1,8}\\b"),
            form("a time", "\\p{Nd}{4}-\\p{Nd}{2}-\\p{Nd}{2}[T ]\\p{Nd}{2}:[\\p{Nd}:.]+"),
            form("a date", "\\p{Nd}{4}-\\p{Nd}{2}-\\p{Nd}{2}|\\p{Nd}{1,2}[./]\\p{Nd}{1,2}[./]\\p{Nd}{2,4}"),
            form("a date", MONTHS + " \\d{1,2}(?:, \\d{4})?|\\d{1,2} " + MONTHS + "(?: \\d{4})?"),
            form("a time zone", "\\b(?:Etc/)?(?:GMT|UTC|Z)(?:[+-]\\d{1,2}(?::?\\d\\d)?)?"),
            form("a time", "\\p{Nd}{1,2}:\\p{Nd}{2}(?::\\p{Nd}{2}[.\\p{Nd}]*)?"),
            form("a time in seconds or milliseconds", "\\b[12]\\d{9}(?:\\d{3})?\\b"),
            form("a path", "(?:/|\\b[A-Z]:\\\\)[^\\s\"'<>]+"));

    private static final Pattern NUMBER = Pattern.compile("-?\\p{Nd}[\\p{Nd}.,'\\u066b\\u066c\\u00a0\\u202f]*");
    private static final Pattern WORD = Pattern.compile("[\\w+/=.-]{6,}");

    /** What one thing alone explains, whatever the value looks like. */
    private static final Set<String> SURE = Set.of("a host name", "a user name", "a line separator");

    private record Form(String kind, Pattern pattern) {}

    private VolatileKind() {}

    private static Form form(String kind, String pattern) {
        return new Form(kind, Pattern.compile(pattern));
    }

    /** The kind of value that differs, if that goes with this condition. */
    static String of(RequestDifference difference, LintCondition condition) {
        if (difference.order() || reordered(words(difference.then()), words(difference.now()))) {
            return "an order, such as that of a hash map or a set";
        }
        if (SURE.contains(condition.kind())) {
            return condition.kind();
        }
        for (Form form : FORMS) {
            if (matches(form.pattern(), difference)) {
                return form.kind();
            }
        }
        if (matches(NUMBER, difference)) {
            return condition.name().contains("locale") ? "a number in the default locale" : "a number";
        }
        if (condition.kind().isEmpty()) {
            return matches(WORD, difference) ? "a random value" : "a value that is made again";
        }
        return condition.kind();
    }

    /** Whether a match of the pattern covers the first difference, in both values. */
    private static boolean matches(Pattern pattern, RequestDifference difference) {
        return covers(pattern, difference.then(), difference.at())
                && covers(pattern, difference.now(), difference.at());
    }

    private static boolean covers(Pattern pattern, String text, int at) {
        Matcher matcher = pattern.matcher(text);
        while (matcher.find()) {
            if (matcher.start() <= at && at <= matcher.end()) {
                return true;
            }
        }
        return false;
    }

    private static boolean reordered(List<String> then, List<String> now) {
        return !then.equals(now)
                && then.stream().sorted().toList().equals(now.stream().sorted().toList());
    }

    private static List<String> words(String text) {
        return Arrays.asList(text.split("[^\\w]+"));
    }
}
