package dev.agentloop.testkit.oldlogs;

import dev.agentloop.AgentLoop;
import dev.agentloop.Conversation;
import dev.agentloop.PromptSettings;
import dev.agentloop.RetryPolicy;
import dev.agentloop.Tool;
import dev.agentloop.spi.ConversationStore;
import dev.agentloop.stores.FileStore;
import dev.agentloop.testkit.ScriptedModel;
import dev.agentloop.testkit.ScriptedResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Writes a set of old logs: conversations with every kind of entry, in a file store, and what the library makes of them now.
 *
 * <p>Run it before the format of the log changes, or a kind is added, with a new name for the set; in {@code agent-testkit}:
 *
 * <pre>java -cp … dev.agentloop.testkit.oldlogs.OldLogs NAME [STORY…]</pre>
 *
 * <p>With the names of stories it writes only these: enough where a kind is new and all others are as they were.
 *
 * <p>The files of a set are never written again: {@code OldLogsTest} reads all sets, and what was once a log stays one.
 */
final class OldLogs {
    /** Where the sets are, seen from the module. */
    static final Path HOME = Path.of("src", "test", "resources", "dev", "agentloop", "testkit", "old-logs");

    static final Clock CLOCK = Clock.fixed(Instant.parse("2026-01-01T08:00:00Z"), ZoneOffset.UTC);
    /** The fixed fields of requests of all logs, so that a run that goes on keeps the prefix. */
    static final PromptSettings SETTINGS = settings("scripted").build();

    private static final String PAYLOAD_BEGINS = ",\"kind\":\"";

    private final Path folder;
    private ConversationStore store;
    private int conversations;

    private OldLogs(Path folder) {
        this.folder = folder;
        this.store = new FileStore(folder.resolve("store"));
    }

    /** Something that writes the log of a set. */
    interface Story {
        void tell(OldLogs logs) throws Exception;
    }

    /** Writes the set of that name. */
    public static void main(String[] arguments) throws Exception {
        Path set = HOME.resolve(arguments[0]);
        if (Files.exists(set)) {
            throw new IllegalArgumentException(set + " is there, and is not written again; give another name");
        }
        for (Map.Entry<String, Story> story : Stories.ALL.entrySet()) {
            if (arguments.length > 1 && !List.of(arguments).contains(story.getKey())) {
                continue;
            }
            OldLogs logs = new OldLogs(set.resolve(story.getKey()));
            story.getValue().tell(logs);
            logs.end();
        }
    }

    static PromptSettings.Builder settings(String model) {
        return PromptSettings.of(model)
                .reasoning(true)
                .customTools(true)
                .additionalTools(true)
                .configurationUpdates(true)
                .effort("low");
    }

    /** An agent with this model on that store. */
    static AgentLoop.Builder agent(ConversationStore store, ScriptedModel model) {
        return AgentLoop.builder()
                .model(model)
                .instructions("You are a careful clerk.")
                .developerInstructions("The office closes at six.")
                .tools(OldTools.all().toArray(Tool[]::new))
                .brokenResponses(new RetryPolicy(1, 1, Duration.ofMillis(1), Duration.ofMillis(1)))
                .clock(CLOCK)
                .store(store);
    }

    ConversationStore store() {
        return store;
    }

    /** An agent whose model gives these answers. */
    AgentLoop.Builder agent(ScriptedResponse... answers) {
        return agent(
                store,
                ScriptedModel.builder().settings(SETTINGS).answer(answers).build());
    }

    /** A conversation with an id that is always the same. */
    Conversation begin(AgentLoop agent) {
        conversations++;
        return agent.newConversation(String.format(Locale.ROOT, "01900000-0000-7000-8000-%012d", conversations));
    }

    /** A process was killed just after the append that has an entry of this kind. */
    void killedAfter(Conversation conversation, String kind) throws IOException {
        store.close();
        Path file = folder.resolve("store").resolve(conversation.id() + ".jsonl");
        List<String> kept = new ArrayList<>();
        boolean reached = false;
        for (String line : Files.readAllLines(file)) {
            kept.add(line);
            reached |= line.contains(PAYLOAD_BEGINS + kind + "\"");
            String batch = line.substring(line.indexOf("\"batch\":[") + 9).replaceFirst("\\].*", "");
            if (reached && batch.split(",")[0].equals(batch.split(",")[1])) {
                Files.writeString(file, String.join("\n", kept) + "\n", StandardCharsets.UTF_8);
                store = new FileStore(folder.resolve("store"));
                return;
            }
        }
        throw new IllegalStateException("no entry " + kind + " in " + file);
    }

    private void end() throws IOException {
        store.close();
        Files.deleteIfExists(folder.resolve("store").resolve(".lock"));
        List<String> ids;
        try (Stream<Path> files = Files.list(folder.resolve("store"))) {
            ids = files.map(file -> file.getFileName().toString())
                    .filter(name -> name.endsWith(".jsonl"))
                    .map(name -> name.replace(".jsonl", ""))
                    .sorted()
                    .toList();
        }
        for (String id : ids) {
            OldLog log = new OldLog(folder, id);
            Path copy = log.copyTo(Files.createTempDirectory("old-log").resolve("store"));
            ScriptedModel silent = ScriptedModel.builder().settings(SETTINGS).build();
            try (ConversationStore copied = new FileStore(copy);
                    AgentLoop agent = agent(copied, silent).build()) {
                log.record(agent, copied);
            }
        }
    }
}
