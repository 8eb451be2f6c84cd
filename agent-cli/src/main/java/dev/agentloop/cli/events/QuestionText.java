package dev.agentloop.cli.events;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.agentloop.Outcome;
import dev.agentloop.cli.terminal.TerminalText;
import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What a person reads of a call before deciding about it: its fields as the tool gets them, never the JSON that they came
 * in. A command is shown whole; a long text that is written is cut.
 */
public final class QuestionText {
    /** How many lines of a patch or of a file's content are shown. */
    static final int LINES = 20;

    private static final int WIDTH = 200;
    private static final String COMMAND = "shell_command";
    private static final String PATCH = "apply_patch";

    // Of two fields with one name, a tool may take the one and a reader the other: that is shown as it came.
    private static final ObjectMapper JSON = JsonMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    private final Outcome.Pending question;
    private final @Nullable Path workspace;
    private final List<String> lines = new ArrayList<>();

    private QuestionText(Outcome.Pending question, @Nullable Path workspace) {
        this.question = question;
        this.workspace = workspace;
    }

    /**
     * The lines of a question, without a margin.
     *
     * @param workspace the folder that the call was asked about in; null where the conversation has none
     */
    public static List<String> of(Outcome.Pending question, @Nullable Path workspace) {
        QuestionText text = new QuestionText(question, workspace);
        text.write();
        if (!question.rule().isEmpty()) {
            text.lines.add("always allows " + TerminalText.line(question.rule()));
        }
        return text.lines;
    }

    private void write() {
        JsonNode fields = fields();
        if (fields == null && question.tool().equals(PATCH)) {
            folder("");
            patch(question.arguments());
        } else if (fields == null) {
            folder("");
            lines.add("arguments that are no plain JSON object, as they came: "
                    + TerminalText.line(question.arguments()));
        } else if (question.tool().equals(COMMAND)) {
            folder(fields.path("workdir").asText(""));
            typed(fields.path("command").asText(""));
            others(fields, List.of("command", "workdir"));
        } else if (question.tool().equals(PATCH)) {
            folder("");
            patch(fields.path("input").asText(""));
            others(fields, List.of("input"));
        } else {
            folder("");
            others(fields, List.of());
        }
    }

    private @Nullable JsonNode fields() {
        try {
            JsonNode read = JSON.readTree(question.arguments());
            return read != null && read.isObject() ? read : null;
        } catch (JsonProcessingException e) {
            return null;
        }
    }

    private void folder(String inside) {
        if (!question.place().isEmpty()) {
            lines.add("in " + TerminalText.line(question.place()));
        } else if (workspace != null || !inside.isEmpty()) {
            lines.add("in " + TerminalText.line(real(inside)));
        }
    }

    // Links are followed, for that is where the command will be.
    private String real(String inside) {
        try {
            Path folder = workspace == null ? Path.of(inside) : workspace.resolve(inside);
            try {
                return folder.toRealPath().toString();
            } catch (IOException e) {
                return folder.normalize() + " (which is not there)";
            }
        } catch (InvalidPathException e) {
            return inside;
        }
    }

    private void typed(String command) {
        List<String> all = TerminalText.of(command).lines().toList();
        for (int i = 0; i < all.size(); i++) {
            lines.add((i == 0 ? "$ " : "> ") + all.get(i));
        }
    }

    private void patch(String patch) {
        String files = patch.lines()
                .filter(line -> line.matches("\\*\\*\\* (Add File|Delete File|Update File|Move to): .*"))
                .map(line -> line.substring("*** ".length()).strip())
                .collect(Collectors.joining(", "));
        if (!files.isEmpty()) {
            lines.add(TerminalText.line(files));
        }
        text(patch);
    }

    private void text(String text) {
        List<String> all = TerminalText.of(text).lines().toList();
        all.stream().limit(LINES).forEach(line -> lines.add("| " + TerminalText.cut(line, WIDTH)));
        if (all.size() > LINES) {
            lines.add("[" + TerminalText.number(all.size() - LINES) + " more lines, of "
                    + TerminalText.number(all.size()) + "; log --full shows them all]");
        } else if (all.stream().anyMatch(line -> line.length() > WIDTH)) {
            lines.add("[long lines are cut; log --full shows them whole]");
        }
    }

    private void others(JsonNode fields, List<String> shown) {
        fields.properties().forEach(field -> {
            if (!shown.contains(field.getKey())) {
                other(TerminalText.line(field.getKey()), field.getValue());
            }
        });
    }

    private void other(String name, JsonNode value) {
        String text = value.isTextual() ? value.textValue() : value.toString();
        if (text.strip().indexOf('\n') < 0 && text.length() <= WIDTH) {
            lines.add(name + ": " + TerminalText.line(text));
        } else {
            lines.add(name + ":");
            text(text);
        }
    }
}
