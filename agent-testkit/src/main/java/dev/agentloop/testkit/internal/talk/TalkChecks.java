package dev.agentloop.testkit.internal.talk;

import dev.agentloop.AgentLoop;
import dev.agentloop.Conversation;
import dev.agentloop.Item;
import dev.agentloop.Prompt;
import dev.agentloop.spi.ConversationStore;
import dev.agentloop.spi.LogEntry;
import dev.agentloop.spi.LogPosition;
import dev.agentloop.testkit.internal.request.PairingRules;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** What must hold after each operation, and of each request. Belongs to one thread at a time. */
final class TalkChecks {
    private static final Map<String, String> NO_HANDLE = Map.of();

    private final ConversationStore store;
    private final Set<String> gone = new HashSet<>();
    private final List<Erasing> begun = new ArrayList<>();
    private boolean wordless;
    private PairingRules rules = new PairingRules();
    private @Nullable Prompt paired;

    TalkChecks(ConversationStore store) {
        this.store = store;
    }

    private static void require(boolean holds, String otherwise) {
        if (!holds) {
            throw new AssertionError(otherwise);
        }
    }

    /* --- requests --- */

    /** Looks at a request of a conversation's loop. */
    Line.Sent sent(Line line, Prompt prompt) {
        pairs(prompt);
        byte[] wire = Wire.bytes(prompt);
        long version = store.head(line.id()).map(LogPosition::version).orElse(0L);
        Line.Sent before = line.lastSent();
        if (before != null && !begins(wire, before.wire())) {
            boolean said = entries(line).stream()
                    .skip(before.version())
                    .anyMatch(entry -> entry.kind().startsWith("epoch"));
            require(
                    said,
                    "a request does not begin with the one before, and no entry between versions " + before.version()
                            + " and " + version + " says why, "
                            + Difference.of(Wire.text(before.wire()), Wire.text(wire)));
        }
        Line.Sent sent = new Line.Sent(wire, version);
        line.sent().add(sent);
        return sent;
    }

    /** Looks at any request: calls and outputs are in pairs, and nothing is in it that was erased. */
    void pairs(Prompt prompt) {
        Prompt known = paired;
        boolean grown = known != null && prompt.startsWith(known);
        rules = grown ? rules : new PairingRules();
        List<Item> items = prompt.items();
        items.subList(grown && known != null ? known.size() : 0, items.size())
                .forEach(item -> rules.accept(PairingRules.fields(item)));
        paired = prompt;
        List<String> problems = rules.problems();
        require(
                problems.isEmpty(),
                "the API would refuse a request: " + problems + "\n"
                        + Wire.text(Wire.bytes(prompt)).replaceAll("\"tools\":.*?\"input\":\\[", "["));
        requireGone("a request", Wire.text(Wire.bytes(prompt)));
    }

    private static boolean begins(byte[] wire, byte[] before) {
        return wire.length >= before.length && Arrays.equals(wire, 0, before.length, before, 0, before.length);
    }

    /* --- erased words --- */

    /** An entry that a process was erasing when it was killed, and its words: nobody was told whether they are gone. */
    record Erasing(String id, long version, Set<String> words) {}

    /** Takes in what was erased, and what a killed process may have erased. */
    void know(List<Set<String>> erased, List<Erasing> begun) {
        erased.forEach(this::erase);
        this.begun.addAll(begun);
    }

    /**
     * Looks at which entries the killed process has erased, when the conversations that it left have gone on: their words are
     * gone everywhere, and the words of the others must all be there.
     *
     * @return the words that are gone, by entry
     */
    List<Set<String>> settle() {
        List<Set<String>> erased = begun.stream()
                .filter(each ->
                        erased(store.read(each.id(), each.version() - 1, 1).get(0)))
                .map(Erasing::words)
                .toList();
        begun.clear();
        erased.forEach(this::erase);
        return erased;
    }

    // A log need not have the word.
    private boolean mayBeGone(String word) {
        return gone.contains(word)
                || begun.stream().anyMatch(each -> each.words().contains(word));
    }

    private void requireGone(String where, String text) {
        if (gone.isEmpty()) {
            return;
        }
        Set<String> there = Words.in(text);
        there.retainAll(gone);
        require(there.isEmpty(), "erased words " + there + " are in " + where + ": " + text);
    }

    /** No entry of the conversation's log has a word that was erased. */
    void requireGone(Line line) {
        if (gone.isEmpty()) {
            return;
        }
        for (LogEntry entry : entries(line)) {
            byte[] payload = entry.payload();
            requireGone("entry " + entry + " of conversation " + line.id(), payload == null ? "" : Wire.text(payload));
        }
    }

    /** No file in these folders has a word that was erased. */
    void requireGone(Collection<Path> folders) {
        for (Path folder : folders) {
            try (Stream<Path> files = Files.walk(folder)) {
                for (Path file : files.filter(Files::isRegularFile).toList()) {
                    requireGone("file " + file, new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1));
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    /** The versions of entries that can be redacted. */
    List<Long> redactable(Line line) {
        return entries(line).stream()
                .filter(entry -> entry.kind().startsWith("item.") && !erased(entry))
                .map(LogEntry::version)
                .toList();
    }

    static boolean erased(LogEntry entry) {
        return entry.salt() == null;
    }

    /** The words of the entry of that version. */
    Set<String> words(Line line, long version) {
        byte[] payload = entries(line).get((int) version - 1).payload();
        return payload == null ? Set.of() : Words.in(Wire.text(payload));
    }

    /* --- after an operation --- */

    /** Looks at a conversation that something was done in. */
    void after(Line line, AgentLoop agent, TalkSetup setup, Random random) {
        List<LogEntry> log = entries(line);
        if (log.isEmpty()) {
            return;
        }
        log(line, log);
        requireGone(line);
        Map<String, String> known = known(line.handle());
        long version = log.size();
        require(
                line.handle().version() == version,
                "the handle stands at " + line.handle().version() + " of " + version);
        same("a resumed conversation", known, known(agent.resume(line.id())));
        Conversation whole = agent.on(new WholeStore(store)).resume(line.id());
        same("the fold of the whole log", known, known(whole));
        if (known.containsKey("prompt")) {
            same(
                    "promptAt",
                    known.get("prompt"),
                    Wire.text(Wire.bytes(line.handle().promptAt(version))));
        }
        new Twins(setup, line, log, store.inbox(line.id())).compare(random);
    }

    /** Notes where the log of a conversation stands. */
    void stands(Line line) {
        store.head(line.id()).ifPresent(line::position);
    }

    private void log(Line line, List<LogEntry> log) {
        LogPosition before = LogPosition.START;
        for (LogEntry entry : log) {
            require(entry.follows(before), "entry " + entry + " does not follow " + before);
            before = entry.position();
            if (entry.version() == line.position().version()) {
                require(before.equals(line.position()), "entry " + entry + " is another one than before");
            }
        }
        require(before.version() >= line.position().version(), "the log is shorter than it was");
        line.position(before);
        Map<String, Integer> places = places(log);
        inOrder("what the host has said", line.said(), places);
        inOrder("what the model has answered", line.answered(), places);
        for (String word : line.loose()) {
            // What comes when a run is ending waits for the next one.
            boolean waits = !places.containsKey(word) && inInbox(line, word);
            require(mayBeGone(word) || waits || places.containsKey(word), "the log has lost " + word);
        }
    }

    private boolean inInbox(Line line, String word) {
        return store.inbox(line.id()).stream()
                .anyMatch(message -> Words.in(Wire.text(message.payload())).contains(word));
    }

    private void inOrder(String what, List<String> words, Map<String, Integer> places) {
        int last = -1;
        for (String word : words) {
            Integer place = places.get(word);
            if (place == null) {
                require(mayBeGone(word), what + ": the log has lost " + word);
            } else {
                require(place > last, what + ": " + word + " is not where it must be");
                last = place;
            }
        }
    }

    /** The words of all items in the log, with their order. */
    private static Map<String, Integer> places(List<LogEntry> log) {
        Map<String, Integer> places = new HashMap<>();
        for (LogEntry entry : log) {
            byte[] payload = entry.payload();
            if (entry.kind().startsWith("item.") && payload != null) {
                Words.in(Wire.text(payload)).forEach(word -> places.putIfAbsent(word, places.size()));
            }
        }
        return places;
    }

    /** A fork has what was in the other conversation up to that version. */
    void forked(Line fork, long at) {
        Line origin = fork.origin();
        if (origin == null) {
            return;
        }
        List<LogEntry> log = store.read(origin.id(), 0, (int) at);
        Collection<String> there = places(log).keySet();
        origin.said().stream().filter(there::contains).forEach(fork.said()::add);
        origin.answered().stream().filter(there::contains).forEach(fork.answered()::add);
        origin.loose().stream().filter(there::contains).forEach(fork.loose()::add);
        // A fork that is made after an erasure begins without what was erased, and its log has no epoch to say so.
        origin.sent().stream()
                .filter(sent -> sent.version() <= at && !erasedFrom(sent))
                .forEach(fork.sent()::add);
    }

    /** What was sent is what the log folds to up to where it stood then, unless something of it was erased. */
    void past(Line line, Random random) {
        if (line.sent().isEmpty()) {
            return;
        }
        Line.Sent sent = line.sent().get(random.nextInt(line.sent().size()));
        byte[] folded = Wire.bytes(line.handle().promptAt(sent.version()));
        if (!erasedFrom(sent) && !Arrays.equals(folded, sent.wire())) {
            throw new AssertionError("the request at version " + sent.version() + " was not what the log folds to, "
                    + Difference.of(Wire.text(sent.wire()), Wire.text(folded)));
        }
    }

    // Of what has no words it is not known in which requests it was.
    private boolean erasedFrom(Line.Sent sent) {
        Set<String> words = Words.in(Wire.text(sent.wire()));
        words.retainAll(gone);
        return wordless || !words.isEmpty();
    }

    /** Something is erased: these words, or an item that has none. */
    void erase(Set<String> words) {
        gone.addAll(words);
        wordless |= words.isEmpty();
    }

    /** Whether something was erased in this talk, or may have been. */
    boolean erased() {
        return wordless || !gone.isEmpty() || !begun.isEmpty();
    }

    private static void same(String what, Object expected, Object actual) {
        if (!expected.equals(actual)) {
            throw new AssertionError(what + " is not the same as the living handle, "
                    + Difference.of(expected.toString(), actual.toString()));
        }
    }

    /** All that a handle says. */
    private Map<String, String> known(Conversation handle) {
        Map<String, String> known = new HashMap<>(NO_HANDLE);
        byte[] prompt = bytes(handle);
        if (prompt.length > 0) {
            known.put("prompt", Wire.text(prompt));
            known.put("ending", handle.prompt().ending());
        }
        known.put("awaiting", handle.awaitingApproval().toString());
        known.put("rules", handle.rules().toString());
        known.put("compactions", handle.compactions().toString());
        return known;
    }

    private List<LogEntry> entries(Line line) {
        return store.read(line.id(), 0, Integer.MAX_VALUE);
    }

    /** The bytes of the conversation's prompt; none where it is empty. */
    byte[] bytes(Conversation conversation) {
        try {
            return Wire.bytes(conversation.prompt());
        } catch (IllegalStateException e) {
            require(String.valueOf(e.getMessage()).contains("is empty"), String.valueOf(e));
            return new byte[0];
        }
    }

    String head(Conversation conversation) {
        try {
            return conversation.prompt().head();
        } catch (IllegalStateException e) {
            require(String.valueOf(e.getMessage()).contains("is empty"), String.valueOf(e));
            return "";
        }
    }
}
