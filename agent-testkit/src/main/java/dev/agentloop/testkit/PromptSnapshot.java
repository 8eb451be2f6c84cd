package dev.agentloop.testkit;

import dev.agentloop.Item;
import dev.agentloop.Prompt;
import dev.agentloop.internal.JsonFields;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.UnaryOperator;

/**
 * A prompt as a text that a person can read, and that a test can compare with one that a person approved.
 *
 * <p>The fixed fields come first, then one item a paragraph: its number, its kind, and what is in it, shortened. The same
 * prompt gives the same text, always. Immutable.
 */
public final class PromptSnapshot {
    /** The system property that has {@link #assertMatches} write the files again, by the value {@code true}. */
    public static final String UPDATE_PROPERTY = "agentloop.snapshots.update";

    private static final int LONGEST = 600;
    private static final String INDENT = "    ";

    private final String text;

    private PromptSnapshot(String text) {
        this.text = text;
    }

    /** The snapshot of this prompt. */
    public static PromptSnapshot of(Prompt prompt) {
        StringBuilder out = new StringBuilder();
        JsonFields head = JsonFields.of(prompt.head().getBytes(StandardCharsets.UTF_8));
        for (JsonFields.Field field : head.all()) {
            if (field.name().equals("tools")) {
                tools(out, head);
            } else {
                String value = head.text(field);
                block(out, field.name(), value == null ? head.raw(field) : value);
            }
        }
        for (int i = 0; i < prompt.size(); i++) {
            item(out.append('\n'), i, prompt.item(i));
        }
        return new PromptSnapshot(out.toString());
    }

    private static void tools(StringBuilder out, JsonFields head) {
        JsonFields tools = head.inner("tools");
        StringBuilder names = new StringBuilder();
        for (JsonFields.Field tool : tools == null ? List.<JsonFields.Field>of() : tools.all()) {
            JsonFields fields = tools == null ? null : tools.inner(tool);
            if (fields != null) {
                String name = fields.text("name");
                names.append(names.length() == 0 ? "" : ", ")
                        .append(name == null ? fields.text("type") : name)
                        .append("custom".equals(fields.text("type")) ? " (custom)" : "");
            }
        }
        block(out, "tools", names.toString());
    }

    private static void item(StringBuilder out, int index, Item item) {
        String number = "[" + index + "] ";
        if (item instanceof Item.Message message) {
            block(out, number + message.role(), content(message.text(), item, "content"));
        } else if (item instanceof Item.Call call) {
            block(out, number + item.type() + " " + call.name() + " (" + call.callId() + ")", call.arguments());
        } else if (item instanceof Item.Output output) {
            block(out, number + item.type() + " (" + output.callId() + ")", content(output.text(), item, "output"));
        } else if (item instanceof Item.Reasoning reasoning) {
            boolean opaque = item.json().contains("\"encrypted_content\":\"");
            block(out, number + "reasoning" + (opaque ? " (encrypted)" : ""), reasoning.summary());
        } else {
            block(out, number + item.type(), item.json());
        }
    }

    // The text, and the kinds of the parts that have none.
    private static String content(String text, Item item, String field) {
        JsonFields parts =
                JsonFields.of(item.json().getBytes(StandardCharsets.UTF_8)).inner(field);
        StringBuilder content = new StringBuilder(text);
        for (JsonFields.Field part : parts == null ? List.<JsonFields.Field>of() : parts.all()) {
            JsonFields fields = parts == null ? null : parts.inner(part);
            if (fields != null && fields.text("text") == null) {
                content.append(content.length() == 0 ? "" : " + ").append(fields.text("type"));
            }
        }
        return content.toString();
    }

    private static void block(StringBuilder out, String title, String value) {
        String text = shortened(value);
        if (text.indexOf('\n') < 0 && title.length() + text.length() < 110) {
            out.append(title).append(text.isEmpty() ? "" : ": ").append(text).append('\n');
            return;
        }
        out.append(title).append(":\n");
        text.lines()
                .forEach(line ->
                        out.append(line.isEmpty() ? "" : INDENT).append(line).append('\n'));
    }

    private static String shortened(String text) {
        if (text.length() <= LONGEST) {
            return text;
        }
        int half = LONGEST / 2;
        int cut = text.length() - 2 * half;
        return text.substring(0, half) + "\n… " + cut + " characters …\n" + text.substring(text.length() - half);
    }

    /** The same snapshot with what differs from run to run replaced, such as the path of a temporary folder. */
    public PromptSnapshot with(UnaryOperator<String> replacement) {
        return new PromptSnapshot(replacement.apply(text));
    }

    /**
     * Fails unless this snapshot is what the file holds.
     *
     * <p>With the system property {@value #UPDATE_PROPERTY} set to {@code true} the file is written instead, for a person
     * to look at and to check in.
     */
    public void assertMatches(Path approved) {
        try {
            if (Boolean.getBoolean(UPDATE_PROPERTY)) {
                Path folder = approved.toAbsolutePath().getParent();
                if (folder != null) {
                    Files.createDirectories(folder);
                }
                Files.writeString(approved, text);
                return;
            }
            if (!Files.exists(approved)) {
                throw new AssertionError("there is no approved snapshot " + approved + " yet; run the test with -D"
                        + UPDATE_PROPERTY + "=true, look at the file, and check it in. It would say:\n" + text);
            }
            String expected = Files.readString(approved).replace("\r\n", "\n");
            if (!expected.equals(text)) {
                throw new AssertionError("the prompt is not the one in " + approved + ": " + difference(expected, text)
                        + "\nIf the new one is right, run the test with -D" + UPDATE_PROPERTY
                        + "=true and check in the file. The prompt:\n" + text);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("cannot use the snapshot " + approved, e);
        }
    }

    private static String difference(String expected, String actual) {
        String[] then = expected.split("\n", -1);
        String[] now = actual.split("\n", -1);
        int line = 0;
        while (line < then.length && line < now.length && then[line].equals(now[line])) {
            line++;
        }
        return "line " + (line + 1) + " was \"" + (line < then.length ? then[line] : "") + "\" and is \""
                + (line < now.length ? now[line] : "") + "\"";
    }

    /** The text. */
    @Override
    public String toString() {
        return text;
    }
}
