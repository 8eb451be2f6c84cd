package dev.agentloop.testkit.internal.compaction;

import dev.agentloop.AgentEvent;
import dev.agentloop.Compactor;
import dev.agentloop.Conversation;
import dev.agentloop.Item;
import dev.agentloop.Prompt;
import dev.agentloop.RunOptions;
import dev.agentloop.spi.ConversationStore;
import dev.agentloop.spi.LogEntry;
import dev.agentloop.spi.LogPosition;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One conversation of the suite, with what the suite knows of it, and the invariants that are checked around each step.
 * Not thread-safe.
 */
final class CompactedTalk {
    /** A compactor that leaves out fewer tokens than this may well have gained nothing: the context is put back. */
    private static final int LITTLE = 768;

    /** A pin that came, a pin that went (without an item), a compaction or one that was taken back, at a version. */
    private record Change(
            long version, String pin, @Nullable Item item, long compaction) {}

    /** Does what another compactor does, and keeps what it gave before the loop judges it. */
    record Recording(Compactor inner, List<Given> given) implements Compactor {
        /** A window, and for what it was given. */
        record Given(Task task, Window window) {}

        Recording(Compactor inner) {
            this(inner, new CopyOnWriteArrayList<>());
        }

        @Override
        public String name() {
            return inner.name();
        }

        @Override
        public Optional<Offer> offer(Task task) {
            return inner.offer(task);
        }

        @Override
        public Window compact(Task task) throws InterruptedException {
            Window window = inner.compact(task);
            given.add(new Given(task, window));
            return window;
        }
    }

    /** A prompt, with its items read once. */
    private record Folded(String head, List<Item> items) {
        Folded(Prompt prompt) {
            this(prompt.head(), List.copyOf(prompt.items()));
        }

        boolean begins(Folded longer) {
            return longer.items().size() >= items.size()
                    && longer.head().equals(head)
                    && longer.items().subList(0, items.size()).equals(items);
        }
    }

    private final ConversationStore store;
    private final RandomAnswers model;
    private final Recording compactor;
    private final boolean returned;
    private final Set<Item> said;
    private final List<Change> changes;
    private final Map<Long, Folded> prompts = new HashMap<>();
    private Conversation conversation;
    private int judged;

    CompactedTalk(
            Conversation conversation,
            ConversationStore store,
            RandomAnswers model,
            Recording compactor,
            boolean returned) {
        this.conversation = conversation;
        this.store = store;
        this.model = model;
        this.compactor = compactor;
        this.returned = returned;
        this.said = new HashSet<>();
        this.changes = new ArrayList<>();
    }

    private CompactedTalk(CompactedTalk of, Conversation fork, long version) {
        this(fork, of.store, of.model, of.compactor, of.returned);
        said.addAll(of.said);
        of.changes.stream().filter(change -> change.version() <= version).forEach(changes::add);
        judged = of.judged;
    }

    /** A fork of it at a version, about which as much is known. */
    CompactedTalk fork(Conversation fork, long version) {
        return new CompactedTalk(this, fork, version);
    }

    Conversation conversation() {
        return conversation;
    }

    /** Goes on with another handle on the same conversation. */
    void resume(Conversation handle) {
        require(
                CompactionInvariant.RESUMED,
                text(handle.prompt()).equals(text(conversation.prompt())),
                "a resumed conversation has another prompt");
        conversation = handle;
    }

    /** How many compactions were judged. */
    int judged() {
        return judged;
    }

    /* --- steps --- */

    void run(Item input) {
        said.add(input);
        Folded before = conversation.version() == 0 ? null : new Folded(conversation.prompt());
        List<AgentEvent> events = step(listening -> {
            conversation.run(List.of(input), listening);
        });
        requireNextRequest(before, events);
    }

    void append(List<Item> items) {
        said.addAll(items);
        conversation.append(items);
    }

    void pin(String name, Item item) {
        conversation.pin(name, item);
        changes.add(new Change(conversation.version(), name, item, 0));
    }

    void unpin(String name) {
        conversation.unpin(name);
        changes.add(new Change(conversation.version(), name, null, 0));
    }

    void compact() {
        Folded before = new Folded(conversation.prompt());
        int known = versions().size();
        step(listening -> {
            try {
                conversation.compact(listening);
            } catch (IllegalStateException e) {
                // Whether it may fail is judged by the events.
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new AssertionError(e);
            }
        });
        List<Long> all = versions();
        Folded then = all.size() == known ? new Folded(conversation.prompt()) : promptAt(all.get(known) - 1);
        require(
                CompactionInvariant.LOG_STAYS,
                then.items().equals(before.items()),
                "the prompt before is not that at the version before");
    }

    void undo() {
        Deque<Long> standing = standing();
        if (standing.isEmpty()) {
            boolean refused = false;
            try {
                conversation.undoCompaction();
            } catch (IllegalStateException e) {
                refused = true;
            }
            require(CompactionInvariant.UNDO, refused, "no compaction stands, and one was taken back");
            return;
        }
        long version = standing.pop();
        List<Item> now = List.copyOf(conversation.prompt().items());
        List<Item> expected = new ArrayList<>(promptAt(version - 1).items());
        expected.addAll(now.subList(promptAt(version).items().size(), now.size()));
        conversation.undoCompaction();
        changes.add(new Change(conversation.version(), "", null, -version));
        require(
                CompactionInvariant.UNDO,
                conversation.prompt().items().equals(expected),
                "the prompt is not the one before the compaction at " + version + " and what came later");
    }

    /** Takes a step and judges what it did to the prompt and to the log. */
    private List<AgentEvent> step(Consumer<RunOptions> work) {
        compactor.given().clear();
        model.sent().clear();
        List<AgentEvent> events = new ArrayList<>();
        List<LogEntry> logged = conversation.version() == 0 ? List.of() : log();
        int known = versions().size();
        work.accept(RunOptions.listeningWith(events::add));
        requireSameBegin(logged);
        List<Compactor.Completed> all = conversation.compactions();
        for (Compactor.Completed compaction : all.subList(known, all.size())) {
            changes.add(new Change(compaction.version(), "", null, compaction.version()));
            judge(compaction.version());
        }
        if (all.size() == known) {
            requireNoFailure(events);
        }
        return events;
    }

    /* --- what is known --- */

    /** The versions of all compactions so far, those that were taken back too. */
    private List<Long> versions() {
        return changes.stream()
                .map(Change::compaction)
                .filter(version -> version > 0)
                .toList();
    }

    private Deque<Long> standing() {
        Deque<Long> standing = new ArrayDeque<>();
        for (Change change : changes) {
            if (change.compaction() > 0) {
                standing.push(change.compaction());
            } else if (change.compaction() < 0) {
                standing.remove(-change.compaction());
            }
        }
        return standing;
    }

    CompactionJudge.Known known() {
        Map<String, Item> pins = new LinkedHashMap<>();
        for (Change change : changes) {
            Item item = change.item();
            if (item != null) {
                pins.put(change.pin(), item);
            } else {
                pins.remove(change.pin());
            }
        }
        Collection<Item> pinned = pins.values();
        return new CompactionJudge.Known(said, model.responses(), pinned, Set.of(RandomAnswers.PLAN));
    }

    /** The names of what is pinned. */
    List<String> pinNames() {
        Set<String> names = new HashSet<>();
        changes.forEach(change -> {
            if (change.item() != null) {
                names.add(change.pin());
            } else {
                names.remove(change.pin());
            }
        });
        return names.stream().sorted().toList();
    }

    private List<LogEntry> log() {
        return store.read(conversation.id(), 0, Integer.MAX_VALUE);
    }

    // What a version of a log says does not change.
    private Folded promptAt(long version) {
        return prompts.computeIfAbsent(version, at -> new Folded(conversation.promptAt(at)));
    }

    /* --- checks --- */

    private void judge(long version) {
        List<Item> before = promptAt(version - 1).items();
        List<Item> after = promptAt(version).items();
        judged++;
        Map<CompactionInvariant, String> problems = CompactionJudge.prompt(returned, known(), before, after);
        compactor.given().stream()
                .filter(given -> given.task().prompt().items().equals(before))
                .reduce((first, last) -> last)
                .ifPresent(given -> {
                    List<Item> window = given.window().items();
                    if (given.window().returned() != returned) {
                        throw new AssertionError("the compactor is said to be " + (returned ? "RETURNED" : "BUILT")
                                + ", and its window is not");
                    }
                    if (returned && !after.subList(0, window.size()).equals(window)) {
                        problems.put(CompactionInvariant.UNCHANGED, "the server's items are not there as they came");
                    }
                });
        if (!problems.isEmpty()) {
            throw new AssertionError("the compaction at version " + version + " breaks " + problems + "\nlog: "
                    + log().stream().map(LogEntry::kind).toList() + "\nbefore:\n" + lines(before) + "\nafter:\n"
                    + lines(after));
        }
    }

    /** A window that the loop did not take: only one that was no shorter, where there was little to gain. */
    private void requireNoFailure(List<AgentEvent> events) {
        List<String> failures = events.stream()
                .filter(AgentEvent.CompactionFailed.class::isInstance)
                .map(event -> ((AgentEvent.CompactionFailed) event).cause())
                .toList();
        if (failures.isEmpty()) {
            return;
        }
        for (Recording.Given given : compactor.given()) {
            List<Item> before = List.copyOf(given.task().prompt().items());
            Map<CompactionInvariant, String> problems = CompactionJudge.window(
                    returned, known(), before, given.window().items());
            problems.remove(CompactionInvariant.SMALLER);
            List<Item> left = new ArrayList<>(before);
            left.removeIf(item -> stays(item, given.window().items()));
            boolean little = CompactionJudge.tokens(left) < LITTLE;
            if (!problems.isEmpty() || !little) {
                throw new AssertionError("the compactor failed: " + failures + ", " + problems + "\nbefore:\n"
                        + lines(before) + "\nwindow:\n"
                        + lines(given.window().items()));
            }
        }
    }

    // A server gives the user's messages back in bytes of its own.
    private static boolean stays(Item item, List<Item> window) {
        return window.contains(item)
                || item instanceof Item.Message message
                        && window.stream()
                                .anyMatch(other -> other instanceof Item.Message now
                                        && now.role().equals(message.role())
                                        && now.text().equals(message.text()));
    }

    private void requireSameBegin(List<LogEntry> logged) {
        List<LogEntry> now = log();
        for (int i = 0; i < logged.size(); i++) {
            LogPosition position = logged.get(i).position();
            require(
                    CompactionInvariant.LOG_STAYS,
                    now.size() > i
                            && now.get(i).position().equals(position)
                            && now.get(i).payload() != null,
                    "entry " + position.version() + " is gone or another one");
        }
    }

    private void requireNextRequest(@Nullable Folded before, List<AgentEvent> events) {
        List<Prompt> sent = model.sent();
        if (sent.isEmpty()) {
            return;
        }
        boolean compacted = events.stream().anyMatch(AgentEvent.Compacted.class::isInstance);
        List<Long> all = versions();
        Folded start = compacted ? promptAt(all.get(all.size() - 1)) : before;
        if (start != null) {
            // The compaction may stand behind the last request, where the run was ended after it.
            Prompt request = compacted ? sent.get(sent.size() - 1) : sent.get(0);
            require(
                    CompactionInvariant.NEXT_REQUEST,
                    start.begins(new Folded(request)),
                    "the next request does not begin with the prompt that the log has");
        }
    }

    private static void require(CompactionInvariant invariant, boolean holds, String otherwise) {
        if (!holds) {
            throw new AssertionError(invariant + ": " + otherwise);
        }
    }

    private static String text(Prompt prompt) {
        return prompt.head() + "\n" + lines(prompt.items()) + "\n" + prompt.ending();
    }

    private static String lines(List<Item> items) {
        StringBuilder lines = new StringBuilder();
        for (Item item : items) {
            String json = item.json();
            lines.append(json.length() > 200 ? json.substring(0, 200) + "… (" + json.length() + ")" : json)
                    .append('\n');
        }
        return lines.toString();
    }
}
