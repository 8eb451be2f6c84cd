package dev.agentloop.tools.internal.workspace;

import dev.agentloop.internal.PathText;
import dev.agentloop.tools.internal.call.Refusal;
import java.nio.file.Path;
import java.util.HexFormat;

/** How file names appear in answers: a name can never end its line or hide a character. */
public final class FileNames {
    private FileNames() {}

    public static String shown(Path path) {
        return shown(PathText.text(path));
    }

    /** Writes control, format and separator characters as escapes, so that the name stays on its line. */
    public static String shown(String name) {
        if (name.codePoints().noneMatch(FileNames::hidden)) {
            return name;
        }
        StringBuilder text = new StringBuilder();
        name.codePoints().forEach(c -> {
            if (c == '\n') {
                text.append("\\n");
            } else if (hidden(c)) {
                text.append(escaped((char) c));
            } else {
                text.appendCodePoint(c);
            }
        });
        return text.toString();
    }

    /** A character by its number. */
    static String escaped(char c) {
        return "\\u" + HexFormat.of().withUpperCase().toHexDigits(c);
    }

    /** Refuses to create a file with a name that no line of a patch or a listing could carry, or with that of a folder. */
    public static void requirePlain(String path) throws Refusal {
        if (path.codePoints().anyMatch(FileNames::hidden)) {
            throw new Refusal(shown(path) + ": the file tools create no names with control characters or line breaks");
        }
        if (path.endsWith("/")) {
            throw new Refusal(path + ": ends with a slash, as folders do; name the file");
        }
    }

    private static boolean hidden(int c) {
        int type = Character.getType(c);
        return type == Character.CONTROL
                || type == Character.LINE_SEPARATOR
                || type == Character.PARAGRAPH_SEPARATOR
                || type == Character.SURROGATE
                || isBidiControl(c);
    }

    /** Characters that reorder what a person sees. */
    private static boolean isBidiControl(int c) {
        return (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
    }
}
