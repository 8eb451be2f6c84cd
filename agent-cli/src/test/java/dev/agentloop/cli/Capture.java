package dev.agentloop.cli;

import com.github.difflib.DiffUtils;
import com.github.difflib.UnifiedDiffUtils;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/** What a terminal showed, next to the file that says what it should show. */
final class Capture {
    /** A property with which the files are written again. */
    private static final String ACCEPT = "captures.accept";

    private static final Path FILES = Path.of("src/test/resources/dev/agentloop/cli/captures");

    /** What differs from one run to the next, and what stands for it; of one length, so that lines break alike. */
    private static final Map<String, String> VARYING = Map.of(
            "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "00000000-0000-0000-0000-000000000000",
            "/agent-\\d{6}", "/agent-000000",
            "127\\.0\\.0\\.1:\\d{5}", "127.0.0.1:00000",
            "\\b\\d{1,2}\\.\\d s\\b", "0.0 s",
            "\\d{1,2}\\.\\ds\\b", "0.0s",
            "\\bin \\d{1,2} s$", "in 0 s",
            "\\d{1,2} % as sent before", "00 % as sent before",
            "try \\d failed", "try 0 failed",
            "\\d tries failed", "0 tries failed",
            "\\(request req_\\d+\\)", "(request req_00)");

    private static final Pattern ESTIMATE = Pattern.compile("about [\\d,]+ tokens");

    private Capture() {}

    /** Fails with the difference unless the lines are those of the file of this name. */
    static void compare(String name, List<String> lines) {
        List<String> shown = lines.stream().map(Capture::steady).toList();
        Path file = FILES.resolve(name + ".txt");
        try {
            if (Boolean.getBoolean(ACCEPT)) {
                Files.createDirectories(FILES);
                Files.writeString(file, String.join("\n", shown) + "\n");
            }
            List<String> wanted = Files.exists(file) ? Files.readAllLines(file) : List.of();
            List<String> difference = UnifiedDiffUtils.generateUnifiedDiff(
                    file.toString(), "what the terminal shows", wanted, DiffUtils.diff(wanted, shown), 3);
            if (!difference.isEmpty()) {
                throw new AssertionError("the terminal shows something else than " + file + "; if that is as it should"
                        + " be, run the test with -D" + ACCEPT + "=true\n" + String.join("\n", difference));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String steady(String line) {
        String steady = line;
        for (Map.Entry<String, String> varying : VARYING.entrySet()) {
            steady = steady.replaceAll(varying.getKey(), varying.getValue());
        }
        // Estimates depend on the name of the shell and of the time zone.
        return ESTIMATE.matcher(steady).replaceAll(number -> number.group().replaceAll("\\d", "0"));
    }
}
