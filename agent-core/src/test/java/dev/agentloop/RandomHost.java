package dev.agentloop;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.agentloop.spi.ConversationStore;
import dev.agentloop.stores.MemoryStore;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.TimeZone;
import java.util.stream.Collectors;

/**
 * A host that changes whatever a host can change, by a random number: settings, tools, servers that come and go, locale,
 * zone and date, and that resumes, forks, compacts and fails in between.
 */
final class RandomHost {
    private static final List<Locale> LOCALES = List.of(
            Locale.ROOT,
            Locale.GERMANY,
            Locale.forLanguageTag("tr-TR"),
            Locale.forLanguageTag("ar-EG-u-nu-arab"),
            Locale.forLanguageTag("th-TH-u-ca-buddhist-nu-thai"));
    private static final List<String> ZONES = List.of("UTC", "Pacific/Kiritimati", "Etc/GMT+12", "Asia/Kathmandu");

    /** The requests of one conversation, in order; a fork begins with those of its parent. */
    record Line(String conversation, List<PrefixPropertyTest.Sent> sent) {}

    private final Random random;
    private final ConversationStore store = new MemoryStore();
    private final List<Line> lines = new ArrayList<>();
    private final List<String> servers = new ArrayList<>(List.of("alpha", "beta", "gamma", "delta"));
    private PromptSettings settings = PromptSettings.of("m-0").build();
    private String instructions = "Be careful.";
    private String developer = "Speak plainly.";
    private ApprovalPolicy approval = ApprovalPolicy.ALLOW_ALL;
    private Instant now = Instant.parse("2026-11-22T10:00:00Z");
    private int calls;

    RandomHost(Random random) {
        this.random = random;
    }

    ConversationStore store() {
        return store;
    }

    List<Line> lines() {
        return lines;
    }

    private boolean chance(int percent) {
        return random.nextInt(100) < percent;
    }

    private <T> T any(List<T> of) {
        return of.get(random.nextInt(of.size()));
    }

    /** Holds one conversation and what is forked from it. */
    void converse() {
        change();
        int turns = 2 + random.nextInt(4);
        Line line = null;
        for (int turn = 0; turn < turns; turn++) {
            if (chance(40)) {
                change();
            }
            try (AgentLoop agent = agent()) {
                if (line == null) {
                    line = new Line(agent.newConversation().id(), new ArrayList<>());
                    lines.add(line);
                    turn(agent.newConversation(line.conversation()));
                } else if (chance(8)) {
                    Line parent = line;
                    Conversation fork = agent.fork(
                            parent.conversation(),
                            1
                                    + random.nextInt((int)
                                            agent.resume(parent.conversation()).version()));
                    long at = fork.version();
                    line = new Line(fork.id(), new ArrayList<>(parent.sent()));
                    line.sent().removeIf(sent -> sent.version() >= at);
                    lines.add(line);
                    turn(fork);
                } else {
                    turn(agent.resume(line.conversation()));
                }
            }
        }
    }

    private void turn(Conversation conversation) {
        for (int runs = chance(25) ? 2 : 1; runs > 0; runs--) {
            try {
                conversation.run("go on");
            } catch (ModelException e) {
                // A model that cannot be reached; the next run goes on.
                calls++;
            }
        }
        if (chance(5)) {
            conversation.repinTools();
        }
    }

    private void change() {
        for (int changes = random.nextInt(4); changes >= 0; changes--) {
            switch (random.nextInt(9)) {
                case 0 -> settings = settings();
                case 1 ->
                    settings = settings.toBuilder()
                            .effort(any(List.of("low", "medium", "high")))
                            .build();
                case 2 ->
                    settings = settings.toBuilder()
                            .verbosity(any(List.of("low", "high")))
                            .build();
                case 3 -> instructions = any(List.of("Be careful.", "Be bold.", "Be brief."));
                case 4 -> developer = any(List.of("Speak plainly.", "Speak French."));
                case 5 ->
                    approval =
                            ApprovalPolicy.of(ApprovalPolicy.Mode.NEVER, any(List.of(ApprovalPolicy.Rights.values())));
                case 6 -> now = now.plusSeconds(random.nextInt(200_000));
                case 7 -> Locale.setDefault(any(LOCALES));
                default -> TimeZone.setDefault(TimeZone.getTimeZone(any(ZONES)));
            }
        }
        Collections.shuffle(servers, random);
    }

    private PromptSettings settings() {
        PromptSettings.Builder fresh = PromptSettings.of("m-" + random.nextInt(3))
                .reasoning(true)
                .configurationUpdates(chance(50))
                .additionalTools(chance(50))
                .instructionsInInput(chance(30))
                .customTools(chance(50))
                .contextWindow(chance(50) ? 600 : 0);
        return fresh.build();
    }

    private AgentLoop agent() {
        return AgentLoop.builder()
                .model(new RandomModel())
                .instructions(instructions)
                .developerInstructions(developer)
                .workspace(java.nio.file.Path.of(chance(50) ? "/no/such/a" : "/no/such/b"))
                .approval(approval)
                .clock(Clock.fixed(now, ZoneId.systemDefault()))
                .tools(served("own", "Is the host's own."))
                .tools(this::served)
                .compactor(new Shortening(() -> chance(10)))
                .store(store)
                .build();
    }

    /** The tools of the servers that are up, in the order in which they answered. */
    private List<Tool> served() {
        List<Tool> tools = new ArrayList<>();
        for (String server : servers) {
            if (chance(80)) {
                tools.add(served(server, chance(90) ? "Is of " + server + "." : "Was described again."));
            }
        }
        return tools;
    }

    /** A tool whose schema is written in the order of a map that is not always the same. */
    private Tool served(String server, String description) {
        List<String> names = new ArrayList<>(List.of("path", "line", "text"));
        if (chance(10)) {
            Collections.shuffle(names, random);
        }
        String schema = names.stream()
                .map(name -> "\"" + name + "\":{\"type\":\"string\"}")
                .collect(Collectors.joining(",", "{\"type\":\"object\",\"properties\":{", "}}"));
        return new Served(Tool.Specification.function(server, description, schema));
    }

    private record Served(Specification specification) implements Tool {
        @Override
        public ToolOutput call(ToolCall call, ToolContext context) {
            return ToolOutput.text(String.format(Locale.ROOT, "%s of %s", call.arguments(), specification.name()));
        }
    }

    /** Answers by the random number, and keeps what it was sent. */
    private final class RandomModel implements Model {
        @Override
        public PromptSettings settings() {
            return settings;
        }

        @Override
        public ModelResponse respond(Prompt prompt, Listener listener) {
            Line line = lines.get(lines.size() - 1);
            long version = store.head(line.conversation()).orElseThrow().version();
            line.sent().add(new PrefixPropertyTest.Sent(prompt, version));
            int dice = random.nextInt(100);
            if (dice < 2) {
                throw ModelException.of(ModelException.Kind.INVALID_ENCRYPTED_CONTENT, "refused")
                        .code("invalid_encrypted_content")
                        .build();
            }
            if (dice < 4) {
                throw ModelException.of(ModelException.Kind.QUOTA, "no money").build();
            }
            List<Item> items = new ArrayList<>();
            if (chance(50)) {
                items.add(received("{\"type\":\"reasoning\",\"id\":\"rs_1\",\"summary\":[],\"encrypted_content\":\"x"
                        + calls + "\"}"));
            }
            for (int i = dice < 40 ? 1 + random.nextInt(3) : 0; i > 0; i--) {
                items.add(received("{\"type\":\"function_call\",\"id\":\"fc\",\"call_id\":\"call_" + calls++
                        + "\",\"name\":\"" + any(List.of("own", "alpha", "beta", "unknown"))
                        + "\",\"arguments\":\"{ \\\"n\\\" : " + calls + " }\"}"));
            }
            if (items.stream().noneMatch(item -> item instanceof Item.Call)) {
                items.add(
                        received("{\"type\":\"message\",\"role\":\"assistant\",\"content\":[{\"type\":\"output_text\","
                                + "\"text\":\"done\"}]}"));
            }
            items.forEach(listener::onItem);
            return ModelResponse.of(items, Usage.reported(prompt.length() / 4, 0, 0, 5, 0));
        }

        private Item received(String json) {
            return Item.received(json.getBytes(UTF_8)).orElseThrow();
        }
    }
}
