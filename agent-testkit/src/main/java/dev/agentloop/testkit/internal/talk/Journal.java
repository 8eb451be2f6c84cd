package dev.agentloop.testkit.internal.talk;

import dev.agentloop.spi.LogPosition;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What a talk knows of its conversations, in a file: so that another process knows what this one was told before it was killed.
 * A line is written by one call, and one without its end is not read. Belongs to one thread at a time.
 */
final class Journal {
    private static final String SENT = "sent";
    private static final String FORK = "fork";
    private static final String SAID = "said";
    private static final String ANSWERED = "answered";
    private static final String LOOSE = "loose";
    private static final String AT = "at";
    private static final String ERASING = "erasing";
    private static final String GONE = "gone";
    private static final String SETTLED = "settled";

    private final @Nullable Path file;
    private final Map<String, int[]> written = new HashMap<>();

    private Journal(@Nullable Path file) {
        this.file = file;
    }

    /** A journal that keeps nothing. */
    static Journal none() {
        return new Journal(null);
    }

    /** A journal in a file, which need not be there yet. */
    static Journal in(Path file) {
        return new Journal(file);
    }

    private void write(String... fields) {
        if (file == null) {
            return;
        }
        byte[] line = (String.join(" ", fields) + "\n").getBytes(StandardCharsets.UTF_8);
        try {
            Files.write(file, line, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A request is about to be answered. */
    void sent(Line line, Line.Sent sent) {
        write(SENT, line.id(), String.valueOf(sent.version()), Wire.text(sent.wire()));
    }

    /** A conversation was forked, and knows what it has of what the other one knew. */
    void forked(Line fork, String origin) {
        write(
                FORK,
                fork.id(),
                origin + fork.sent().stream().map(sent -> " " + sent.version()).collect(Collectors.joining()));
        counts(fork);
        done(fork);
    }

    /** An entry with these words is about to be erased. */
    void erasing(String id, long version, Set<String> words) {
        write(ERASING, id, version + " " + String.join(" ", words));
    }

    /** The entry that was about to be erased is, and all its words with it. */
    void gone(Set<String> words) {
        write(GONE, "-", String.join(" ", words));
    }

    /** Of all that was about to be erased it is known by now whether it is. */
    void settled() {
        write(SETTLED, "-", "-");
    }

    /** What was said up to here is acknowledged. */
    void done(Line line) {
        int[] known = counts(line);
        List<List<String>> words = List.of(line.said(), line.answered(), line.loose());
        for (int i = 0; i < words.size(); i++) {
            List<String> fresh = words.get(i).subList(known[i], words.get(i).size());
            if (!fresh.isEmpty()) {
                write(List.of(SAID, ANSWERED, LOOSE).get(i), line.id(), String.join(" ", fresh));
            }
            known[i] = words.get(i).size();
        }
        LogPosition at = line.position();
        if (at.version() > 0) {
            write(AT, line.id(), String.valueOf(at.version()), at.hash());
        }
    }

    private int[] counts(Line line) {
        return written.computeIfAbsent(line.id(), id -> new int[3]);
    }

    /** Gives to the checks what was erased, and what nobody was told of. */
    void erased(TalkChecks checks) {
        List<Set<String>> gone = new ArrayList<>();
        List<TalkChecks.Erasing> begun = new ArrayList<>();
        for (String[] fields : fields()) {
            switch (fields[0]) {
                case ERASING -> {
                    String[] entry = fields[2].split(" ", 2);
                    begun.add(new TalkChecks.Erasing(fields[1], Long.parseLong(entry[0]), words(entry[1])));
                }
                case GONE -> {
                    begun.clear();
                    gone.add(words(fields[2]));
                }
                case SETTLED -> begun.clear();
                default -> {}
            }
        }
        checks.know(gone, begun);
    }

    private static Set<String> words(String text) {
        return text.isEmpty() ? Set.of() : Set.of(text.split(" "));
    }

    /** Gives the conversations back, with what is known of them, the one that was worked in last at the end. */
    List<Line> read(Function<String, Line> open) {
        Map<String, Line> lines = new LinkedHashMap<>();
        for (String[] fields : fields()) {
            if (List.of(GONE, SETTLED).contains(fields[0])) {
                continue;
            }
            if (fields[0].equals(ERASING)) {
                Line last = lines.remove(fields[1]);
                lines.put(fields[1], last == null ? open.apply(fields[1]) : last);
                continue;
            }
            Line line = lines.computeIfAbsent(fields[1], open);
            String rest = fields[2];
            int space = rest.indexOf(' ');
            switch (fields[0]) {
                case SENT ->
                    line.sent()
                            .add(new Line.Sent(
                                    rest.substring(space + 1).getBytes(StandardCharsets.UTF_8),
                                    Long.parseLong(rest.substring(0, space))));
                case FORK -> {
                    List<String> known = List.of(rest.split(" "));
                    lines.computeIfAbsent(known.get(0), open).sent().stream()
                            .filter(sent -> known.subList(1, known.size()).contains(String.valueOf(sent.version())))
                            .forEach(line.sent()::add);
                }
                case SAID -> line.said().addAll(List.of(rest.split(" ")));
                case ANSWERED -> line.answered().addAll(List.of(rest.split(" ")));
                case LOOSE -> line.loose().addAll(List.of(rest.split(" ")));
                case AT ->
                    line.position(new LogPosition(Long.parseLong(rest.substring(0, space)), rest.substring(space + 1)));
                default -> throw new AssertionError("a journal has no " + fields[0]);
            }
        }
        lines.values().forEach(this::isKnown);
        return new ArrayList<>(lines.values());
    }

    private void isKnown(Line line) {
        int[] counts = counts(line);
        counts[0] = line.said().size();
        counts[1] = line.answered().size();
        counts[2] = line.loose().size();
    }

    private List<String[]> fields() {
        List<String[]> all = new ArrayList<>();
        if (file == null || !Files.exists(file)) {
            return all;
        }
        try {
            String text = Files.readString(file);
            for (String line : text.substring(0, text.lastIndexOf('\n') + 1).split("\n")) {
                if (!line.isEmpty()) {
                    all.add(line.split(" ", 3));
                }
            }
            return all;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
