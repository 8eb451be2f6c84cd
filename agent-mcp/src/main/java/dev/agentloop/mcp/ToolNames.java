package dev.agentloop.mcp;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Collection;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * Gives tools of servers the names by which a model calls them: {@code mcp__server__tool}.
 *
 * <p>Characters that a name may not hold become {@code _}. Where that is too long, or could be meant for another tool as
 * well, it is cut and gets a part of a hash of the server's and the tool's own names. So a name depends on the host's
 * list of servers and on the tools of the one server, never on which other servers are up: a tool that was down comes
 * back to its own name and to no other's.
 */
final class ToolNames {
    private static final int LONGEST = 64;
    private static final int HASH = 12;

    private final List<String> prefixes;

    ToolNames(Collection<String> servers) {
        prefixes = servers.stream().map(ToolNames::prefix).toList();
    }

    /** The names of one server's tools, by the tools' own names. */
    Map<String, String> of(String server, Collection<String> tools) {
        Map<String, Long> uses =
                tools.stream().collect(Collectors.groupingBy(tool -> plain(server, tool), Collectors.counting()));
        Map<String, String> names = new TreeMap<>();
        for (String tool : tools) {
            String plain = plain(server, tool);
            boolean unique = uses.getOrDefault(plain, 0L) == 1 && !couldBeAnothers(plain);
            names.put(tool, unique && plain.length() <= LONGEST ? plain : hashed(plain, server, tool));
        }
        return names;
    }

    /** Whether the name begins like those of several servers: of its own, and of one more. */
    private boolean couldBeAnothers(String plain) {
        return prefixes.stream().filter(plain::startsWith).count() > 1;
    }

    private static String plain(String server, String tool) {
        return prefix(server) + allowed(tool);
    }

    private static String prefix(String server) {
        return "mcp__" + allowed(server) + "__";
    }

    private static String allowed(String text) {
        return text.replaceAll("[^A-Za-z0-9_-]", "_");
    }

    private static String hashed(String plain, String server, String tool) {
        // A character that can be in neither name keeps the two apart.
        byte[] identity = (server + '\0' + tool).getBytes(StandardCharsets.UTF_8);
        String hash = HexFormat.of().formatHex(sha1(identity)).substring(0, HASH);
        return plain.substring(0, Math.min(plain.length(), LONGEST - HASH - 1)) + "_" + hash;
    }

    private static byte[] sha1(byte[] bytes) {
        try {
            return MessageDigest.getInstance("SHA-1").digest(bytes);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java runtime has SHA-1, but this one says: " + e.getMessage(), e);
        }
    }
}
