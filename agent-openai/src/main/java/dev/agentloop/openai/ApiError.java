package dev.agentloop.openai;

import dev.agentloop.internal.JsonFields;
import dev.agentloop.internal.JsonFields.Field;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What a server says of a failure, in whichever of the usual forms; what it does not say is empty.
 *
 * @param code the API's own code, an open set
 * @param type the class of the failure, used by some servers where others have a code
 * @param message the server's words
 * @param param the field of the request that is at fault
 * @param retryAfter how long to wait, by a field of its own; null where there is none
 */
record ApiError(
        String code,
        String type,
        String message,
        String param,
        @Nullable Duration retryAfter) {
    private static final List<String> MILLISECOND_FIELDS = List.of("retry_after_ms", "retryAfterMs");
    private static final List<String> SECOND_FIELDS =
            List.of("retry_after", "retryAfter", "retry_after_seconds", "retryAfterSeconds", "retryDelay");
    private static final int LONGEST_MESSAGE = 500;
    private static final Pattern TITLE = Pattern.compile("(?is)<title[^>]*>(.{0,200}?)</title>");
    private static final Pattern TAG = Pattern.compile("(?s)<(script|style)\\b.*?</\\1\\s*>|<[^>]*>");
    private static final Pattern SPACE = Pattern.compile("\\s+");

    static final ApiError NONE = new ApiError("", "", "", "", null);

    /** Reads the body of an error response: JSON of any form, HTML or plain text. */
    static ApiError ofBody(byte[] bytes, int from, int to) {
        JsonFields fields;
        try {
            fields = JsonFields.of(bytes, from, to);
        } catch (IllegalArgumentException e) {
            return ofText(new String(bytes, from, to - from, StandardCharsets.UTF_8));
        }
        ApiError error = of(first(fields));
        if (!error.message().isEmpty()) {
            return error;
        }
        String text = shortened(new String(bytes, from, to - from, StandardCharsets.UTF_8));
        return new ApiError(error.code(), error.type(), text, error.param(), error.retryAfter());
    }

    // Some servers send a list of errors that has one.
    private static JsonFields first(JsonFields fields) {
        JsonFields inner = fields.all().isEmpty() || !fields.all().get(0).name().isEmpty()
                ? null
                : fields.inner(fields.all().get(0));
        return inner == null ? fields : inner;
    }

    /**
     * Reads an object that holds an error: {@code {"error":{…}}} as OpenAI sends it, {@code {"code":…,"error":"…"}}, or
     * flat.
     */
    static ApiError of(JsonFields fields) {
        JsonFields inner = fields.inner("error");
        JsonFields error = inner == null ? fields : inner;
        String message = value(error, "message");
        if (message.isEmpty()) {
            message = value(fields, fields.text("error") == null ? "detail" : "error");
        }
        String type = value(error, "type");
        return new ApiError(
                value(error, "code"),
                type.equals("error") ? "" : type,
                shortened(message),
                value(error, "param"),
                retryAfter(fields, error));
    }

    // The wait in a field of the error, of its details or of the body; null where there is none.
    private static @Nullable Duration retryAfter(JsonFields fields, JsonFields error) {
        List<JsonFields> places = new ArrayList<>(List.of(error));
        places.addAll(error.inners("details"));
        places.add(fields);
        for (JsonFields place : places) {
            Duration millis = inFields(place, MILLISECOND_FIELDS, DelayText.MILLISECOND);
            Duration wait = millis != null ? millis : inFields(place, SECOND_FIELDS, DelayText.SECOND);
            if (wait != null) {
                return wait;
            }
        }
        return null;
    }

    private static @Nullable Duration inFields(JsonFields place, List<String> names, BigDecimal unit) {
        for (String name : names) {
            Duration wait = DelayText.whole(value(place, name), unit);
            if (wait != null) {
                return wait;
            }
        }
        return null;
    }

    private static ApiError ofText(String text) {
        String plain = text;
        if (text.contains("<")) {
            Matcher title = TITLE.matcher(text);
            plain = title.find() ? title.group(1) : TAG.matcher(text).replaceAll(" ");
        }
        return new ApiError("", "", shortened(plain), "", null);
    }

    /** A string's text, any other value as it stands, empty for null. */
    private static String value(JsonFields fields, String name) {
        Field field = fields.field(name);
        if (field == null || !fields.has(name)) {
            return "";
        }
        String text = fields.text(field);
        return text == null ? fields.raw(field) : text;
    }

    /** The text on one line, cut after a few hundred characters. */
    static String shortened(@Nullable String text) {
        if (text == null) {
            return "";
        }
        String line = SPACE.matcher(text.substring(0, Math.min(text.length(), 4 * LONGEST_MESSAGE)))
                .replaceAll(" ")
                .strip();
        return line.length() <= LONGEST_MESSAGE && text.length() <= 4 * LONGEST_MESSAGE
                ? line
                : line.substring(0, Math.min(line.length(), LONGEST_MESSAGE)) + "…";
    }

    /** Whether the message has all of these words in this order, whatever their case. */
    boolean says(String... words) {
        String text = message.toLowerCase(Locale.ROOT);
        int at = 0;
        for (String word : words) {
            at = text.indexOf(word, at);
            if (at < 0) {
                return false;
            }
            at += word.length();
        }
        return true;
    }
}
