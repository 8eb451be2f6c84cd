package dev.agentloop.cli.options;

import dev.agentloop.cli.terminal.UsageException;
import dev.agentloop.mcp.McpServer;
import java.net.URI;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/** Reads what {@code --mcp} is given: a name, and a command line or an address. */
final class McpOption {
    /** A word of a command line: in quotes of one kind or the other, or without white space. */
    private static final Pattern WORD = Pattern.compile("\"([^\"]*)\"|'([^']*)'|(\\S+)");

    private McpOption() {}

    static McpServer parse(String value) {
        int equals = value.indexOf('=');
        String target = value.substring(equals + 1).strip();
        if (equals < 1 || target.isEmpty()) {
            throw new UsageException(
                    "--mcp needs a name and a command or an address, such as fs=\"npx -y some-server\"");
        }
        String name = value.substring(0, equals);
        try {
            return target.matches("https?://\\S+")
                    ? McpServer.http(name, URI.create(target))
                    : McpServer.stdio(name, words(target));
        } catch (IllegalArgumentException e) {
            throw new UsageException("--mcp: " + e.getMessage());
        }
    }

    private static List<String> words(String line) {
        return WORD.matcher(line).results().map(McpOption::word).toList();
    }

    private static String word(MatchResult match) {
        for (int group = 1; group <= match.groupCount(); group++) {
            if (match.group(group) != null) {
                return match.group(group);
            }
        }
        return "";
    }
}
