package dev.agentloop.mcp;

import dev.agentloop.Toolbox;
import dev.agentloop.internal.Sha256;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;

/**
 * Launches real servers in a shuffled order, and prints what the model would be told of their tools. The arguments: a seed,
 * how many launches, a folder, then the programs of the servers.
 */
final class ToolBytes {
    private ToolBytes() {}

    public static void main(String[] arguments) {
        List<String> words = List.of(arguments);
        Random random = new Random(Long.parseLong(words.get(0)));
        for (int launch = 0; launch < Integer.parseInt(words.get(1)); launch++) {
            List<McpServer> shuffled = new ArrayList<>();
            for (String script : words.subList(3, words.size())) {
                String name =
                        Path.of(script).getParent().getParent().getFileName().toString();
                // The builder's order is one thing, who is first to answer is another.
                String command = "sleep 0." + random.nextInt(3) + "; exec node \"$0\" \"$1\"";
                String option = name.endsWith("everything") ? "stdio" : words.get(2);
                shuffled.add(McpServer.stdio(name, "sh", "-c", command, script, option));
            }
            Collections.shuffle(shuffled, random);
            McpServers.Builder builder = McpServers.builder();
            shuffled.forEach(builder::server);
            try (McpServers servers = builder.start()) {
                String json = Toolbox.of(servers.tools()).json(true);
                System.out.println(servers.tools().size() + " tools, " + json.length() + " characters, "
                        + HexFormat.of().formatHex(Sha256.of(json.getBytes(StandardCharsets.UTF_8))));
            }
        }
    }
}
