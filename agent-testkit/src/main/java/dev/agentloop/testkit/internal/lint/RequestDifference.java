package dev.agentloop.testkit.internal.lint;

import dev.agentloop.internal.Json;
import dev.agentloop.internal.JsonFields;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A place in which two requests differ.
 *
 * @param section the path of the smallest value that differs, such as {@code tools[0].parameters.required}
 * @param offset the byte in the first request at which that value begins to differ
 * @param then the value in the first request: a string's text, or JSON
 * @param now the value in the second one
 * @param order whether the two are the same parts in another order
 */
record RequestDifference(String section, int offset, String then, String now, boolean order) {
    private static final int BEFORE = 24;
    private static final int AFTER = 48;

    /** All places in which two requests differ, in their order. */
    static List<RequestDifference> between(byte[] then, byte[] now) {
        List<RequestDifference> differences = new ArrayList<>();
        List<Value> one = Value.of(then, JsonFields.of(then));
        List<Value> other = Value.of(now, JsonFields.of(now));
        int mismatch = Arrays.mismatch(then, now);
        if (mismatch >= 0 && !new Walk(differences).compareParts("", one, other)) {
            differences.add(new RequestDifference("the fields", mismatch, fields(one), fields(other), false));
        }
        return differences;
    }

    private static String fields(List<Value> values) {
        return String.join(", ", Walk.names(values));
    }

    /** Whether this is in that section, or the other way round. */
    boolean touches(String other) {
        return within(section, other) || within(other, section);
    }

    /** Whether one section is another one or lies in it. */
    static boolean within(String inner, String outer) {
        return inner.equals(outer) || inner.startsWith(outer + ".") || inner.startsWith(outer + "[");
    }

    /** The index of the first character that differs. */
    int at() {
        int at = 0;
        while (at < then.length() && at < now.length() && then.charAt(at) == now.charAt(at)) {
            at++;
        }
        return at;
    }

    /** The first value around the difference, in quotes. */
    String thenAround() {
        return around(then, at());
    }

    /** The second value around the difference, in quotes. */
    String nowAround() {
        return around(now, at());
    }

    /** A text around one of its places, in quotes and on one line. */
    static String around(String text, int at) {
        int from = Math.max(0, at - BEFORE);
        int to = Math.min(text.length(), at + AFTER);
        return Json.quote((from > 0 ? "…" : "") + text.substring(from, to) + (to < text.length() ? "…" : ""));
    }

    /** A value in one of the requests. */
    private record Value(byte[] request, JsonFields around, JsonFields.Field field) {

        static List<Value> of(byte[] request, JsonFields fields) {
            return fields.all().stream()
                    .map(field -> new Value(request, fields, field))
                    .toList();
        }

        List<Value> parts() {
            JsonFields inner = around.inner(field);
            return inner == null ? List.of() : of(request, inner);
        }

        String text() {
            String text = around.text(field);
            return text == null ? around.raw(field) : text;
        }

        int mismatch(Value other) {
            return Arrays.mismatch(
                    request, field.start(), field.end(), other.request, other.field.start(), other.field.end());
        }

        /** What can be put in order: names in an object, values in an array. */
        String sortable() {
            return field.name().isEmpty() ? around.raw(field) : field.name();
        }
    }

    /** Walks through two requests at once. */
    private record Walk(List<RequestDifference> found) {

        void compare(String path, Value one, Value other) {
            int mismatch = one.mismatch(other);
            if (mismatch < 0) {
                return;
            }
            boolean inside =
                    one.field().token() == other.field().token() && compareParts(path, one.parts(), other.parts());
            if (!inside) {
                boolean order = !one.parts().isEmpty() && sorted(one.parts()).equals(sorted(other.parts()));
                int offset = one.field().start() + mismatch;
                found.add(new RequestDifference(path, offset, one.text(), other.text(), order));
            }
        }

        /** Compares part by part, if the parts are the same ones in the same order. */
        boolean compareParts(String path, List<Value> one, List<Value> other) {
            boolean alike = !one.isEmpty() && names(one).equals(names(other));
            boolean turned =
                    alike && one.get(0).field().name().isEmpty() && sorted(one).equals(sorted(other));
            for (int i = 0; alike && !turned && i < one.size(); i++) {
                String name = one.get(i).field().name();
                String inner = path.isEmpty() ? name : name.isEmpty() ? path + "[" + i + "]" : path + "." + name;
                compare(inner, one.get(i), other.get(i));
            }
            return alike && !turned;
        }

        private static List<String> names(List<Value> values) {
            return values.stream().map(value -> value.field().name()).toList();
        }

        private static List<String> sorted(List<Value> values) {
            return values.stream().map(Value::sortable).sorted().toList();
        }
    }
}
