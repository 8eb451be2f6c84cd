package dev.agentloop.cli.events;

import dev.agentloop.cli.terminal.TerminalText;
import java.util.ArrayList;
import java.util.List;

/** What a patch does to each file, and the lines that it changes, as a person reads it. */
final class PatchText {
    private final List<String> files = new ArrayList<>();
    private final List<String> lines = new ArrayList<>();
    private String file = "";
    private String moved = "";
    private int added;
    private int removed;

    private PatchText() {}

    /** Reads a patch in the form that apply_patch takes. */
    static PatchText of(String patch) {
        PatchText text = new PatchText();
        patch.lines().forEach(text::read);
        text.endFile();
        return text;
    }

    private void read(String line) {
        if (line.startsWith("*** Add File: ")) {
            begin("added", line);
        } else if (line.startsWith("*** Delete File: ")) {
            begin("deleted", line);
        } else if (line.startsWith("*** Update File: ")) {
            begin("edited", line);
        } else if (line.startsWith("*** Move to: ")) {
            moved = " and moved it to " + name(line);
        } else if (!file.isEmpty() && !line.startsWith("***")) {
            added += line.startsWith("+") ? 1 : 0;
            removed += line.startsWith("-") ? 1 : 0;
            lines.add(line);
        }
    }

    private static String name(String line) {
        return TerminalText.line(line.substring(line.indexOf(':') + 1));
    }

    private void begin(String verb, String line) {
        endFile();
        file = verb + " " + name(line);
        if (!files.isEmpty()) {
            lines.add(name(line) + ":");
        }
    }

    private void endFile() {
        if (!file.isEmpty()) {
            files.add(file + moved + (file.startsWith("deleted") ? "" : " (+" + added + " -" + removed + ")"));
        }
        file = "";
        moved = "";
        added = 0;
        removed = 0;
    }

    /** Each file with what was done to it, such as {@code edited calc.py (+1 -1)}. */
    List<String> files() {
        return List.copyOf(files);
    }

    /** The lines that come and go, with those around them. */
    List<String> lines() {
        return List.copyOf(lines);
    }
}
