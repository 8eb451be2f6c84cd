package dev.agentloop.tools.internal.command;

import java.util.List;
import java.util.Optional;

/**
 * A patch that the model wrote as a shell command.
 *
 * <p>Models that know {@code apply_patch} as a program call it in the shell. There is no such program, so these forms
 * are taken out and run as the patch tool: {@code apply_patch <<'EOF'} up to {@code EOF}, the patch as a quoted
 * argument, and both behind {@code cd DIRECTORY &&}. The text of a here-document is taken as it stands, whatever its
 * delimiter's quotes.
 *
 * @param directory where to, as written; empty for the directory of the call
 * @param patch the text of the patch
 */
public record CommandPatch(String directory, String patch) {
    private static final List<String> NAMES = List.of("apply_patch", "applypatch");

    /** Whether a command is the bare text of a patch, which no shell can run. */
    public static boolean isBare(String command) {
        return command.stripLeading().startsWith("*** Begin Patch");
    }

    /** The patch in {@code command}, if it is nothing but the call of one. */
    public static Optional<CommandPatch> in(String command) {
        int document = command.indexOf("<<");
        if (document >= 0) {
            Optional<CommandPatch> call = call(CommandLine.parse(command.substring(0, document)), 0);
            if (call.isPresent()) {
                return hereDocument(command.substring(document + 2))
                        .map(patch -> new CommandPatch(call.get().directory(), patch));
            }
        }
        return call(CommandLine.parse(command), 1);
    }

    /** Reads {@code [cd DIRECTORY &&] apply_patch}, with its patch as an argument or none. */
    private static Optional<CommandPatch> call(CommandLine line, int arguments) {
        List<List<String>> commands = line.commands();
        boolean moves = commands.size() == 2
                && commands.get(0).size() == 2
                && commands.get(0).get(0).equals("cd")
                && line.joints().equals(List.of("&&"));
        if (!line.plain() || !(moves || commands.size() == 1)) {
            return Optional.empty();
        }
        List<String> last = commands.get(commands.size() - 1);
        if (!NAMES.contains(last.get(0)) || last.size() != 1 + arguments) {
            return Optional.empty();
        }
        return Optional.of(new CommandPatch(moves ? commands.get(0).get(1) : "", arguments == 0 ? "" : last.get(1)));
    }

    /** The text between a delimiter's line and the next line that is the delimiter, if nothing comes after that. */
    private static Optional<String> hereDocument(String text) {
        boolean tabs = text.startsWith("-");
        int lineEnd = text.indexOf('\n');
        if (lineEnd < 0) {
            return Optional.empty();
        }
        String delimiter = text.substring(tabs ? 1 : 0, lineEnd).strip();
        if (delimiter.matches("(['\"])\\w+\\1")) {
            delimiter = delimiter.substring(1, delimiter.length() - 1);
        } else if (!delimiter.matches("\\w+")) {
            return Optional.empty();
        }
        StringBuilder patch = new StringBuilder();
        int at = lineEnd + 1;
        while (at < text.length()) {
            int end = text.indexOf('\n', at);
            String line = text.substring(at, end < 0 ? text.length() : end);
            at = end < 0 ? text.length() : end + 1;
            line = tabs ? line.replaceFirst("^\t+", "") : line;
            if (line.equals(delimiter)) {
                return text.substring(at).isBlank() ? Optional.of(patch.toString()) : Optional.empty();
            }
            patch.append(line).append('\n');
        }
        return Optional.empty();
    }
}
