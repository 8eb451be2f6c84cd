package dev.agentloop.testkit.internal.talk;

import dev.agentloop.AgentLoop;
import dev.agentloop.Conversation;
import dev.agentloop.Item;
import dev.agentloop.Model;
import dev.agentloop.ModelResponse;
import dev.agentloop.Outcome;
import dev.agentloop.Prompt;
import dev.agentloop.PromptSettings;
import dev.agentloop.RunOptions;
import dev.agentloop.Usage;
import dev.agentloop.spi.ConversationStore;
import dev.agentloop.spi.InboxMessage;
import dev.agentloop.spi.LogEntry;
import dev.agentloop.spi.LogPosition;
import dev.agentloop.stores.MemoryStore;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.regex.Pattern;

/**
 * Two copies of a conversation, of which one is read from the newest entry that restates it, and one from its first. The same is
 * done in both, and all that comes of it must be the same: so whatever a fold knows besides the prompt is compared.
 */
record Twins(TalkSetup setup, Line line, List<LogEntry> log, List<InboxMessage> inbox) {
    private static final String WORD = "cnrytwinx0q";
    private static final Pattern VERSIONS = Pattern.compile("\"versions\":\\[[0-9,]*]|\"(?:version|call)\":[0-9]+");
    private static final Pattern NUMBER = Pattern.compile("[0-9]+");

    void compare(Random random) {
        int what = random.nextInt(4);
        List<String> one = doing(what, false);
        List<String> other = doing(what, true);
        if (!one.equals(other)) {
            int at = 0;
            while (at < Math.min(one.size(), other.size()) && one.get(at).equals(other.get(at))) {
                at++;
            }
            throw new AssertionError(
                    "a conversation that is read from the newest entry that restates it, and the same one"
                            + " read whole, go on in two ways, with " + what + ", "
                            + Difference.of(of(one, at), of(other, at)));
        }
    }

    private static String of(List<String> lines, int at) {
        return at < lines.size() ? lines.get(at) : "nothing";
    }

    private List<String> doing(int what, boolean whole) {
        List<String> said = new ArrayList<>();
        Plain model = new Plain(setup.settings(), said);
        try (ConversationStore copy = copy();
                AgentLoop agent = setup.agent(whole ? new WholeStore(copy) : copy, TalkTools.steady(), model, model)) {
            said.add(act(agent.resume(line.id()), what));
            // What tools and approvers that work at once say comes as it comes.
            copy.read(line.id(), log.size(), Integer.MAX_VALUE).stream()
                    .map(entry -> entry.kind() + " " + steady(Wire.text(entry.content())))
                    .sorted()
                    .forEach(said::add);
        }
        return said;
    }

    // Without who has done it, and without the versions of what came as it came.
    private String steady(String payload) {
        return VERSIONS.matcher(payload.replaceAll("\"owner\":\"[^\"]*\"", ""))
                .replaceAll(names -> NUMBER.matcher(names.group())
                        .replaceAll(name -> Long.parseLong(name.group()) > log.size() ? "new" : name.group()));
    }

    private String act(Conversation conversation, int what) {
        try {
            return switch (what) {
                case 0 -> String.valueOf(conversation.compact(RunOptions.DEFAULT));
                case 1 -> {
                    conversation.undoCompaction();
                    yield "undone";
                }
                default -> {
                    Outcome outcome =
                            conversation.run(what == 2 ? List.of() : List.of(Item.user(WORD)), RunOptions.DEFAULT);
                    total(outcome);
                    yield outcome.toString();
                }
            };
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        } catch (IllegalStateException | IllegalArgumentException e) {
            return e.toString();
        }
    }

    private void total(Outcome outcome) {
        Usage before = line.total();
        Usage now = outcome.summary().total();
        if (now.input() < before.input() || now.output() < before.output()) {
            throw new AssertionError("the conversation had used " + before + ", and now " + now);
        }
    }

    private ConversationStore copy() {
        MemoryStore copy = new MemoryStore();
        copy.append(line.id(), LogPosition.START, log);
        inbox.forEach(message -> copy.leave(line.id(), message));
        return copy;
    }

    /** Says the same to all prompts. */
    private record Plain(PromptSettings settings, List<String> sent) implements Model {
        @Override
        public ModelResponse respond(Prompt prompt, Listener listener) {
            sent.add(Wire.text(Wire.bytes(prompt)) + prompt.ending());
            boolean trigger = prompt.item(prompt.size() - 1).type().equals("compaction_trigger");
            Item item = Sayings.received(
                    trigger
                            ? "{\"type\":\"compaction\",\"encrypted_content\":\"twin\"}"
                            : "{\"type\":\"message\",\"role\":\"assistant\",\"content\":[{\"type\":\"output_text\","
                                    + "\"text\":\"" + WORD + "\"}]}");
            listener.onItem(item);
            return ModelResponse.of(List.of(item), Usage.reported(11, 0, 0, 3, 0));
        }
    }
}
