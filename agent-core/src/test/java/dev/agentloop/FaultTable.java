package dev.agentloop;

import dev.agentloop.FaultCell.Behaviour;
import dev.agentloop.FaultCell.Moment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** What the loop does about each fault, as data: one row for each callback, one column for each class of behaviour. */
final class FaultTable {
    /*
     * An ending, or several that are all right, then what else must be seen:
     *   output  in an output of the conversation          log    in a line of the log
     *   left    a thread that remains, by its name        named  the thread of the run stays, named in the log
     *   held    the same in the store, which only the closing of the agent names
     */
    private static final String ROWS = """
            tool.call | request stream tool append | finished; output failed: {thrown}; log failed in call | finished; output failed: it gave no output | ended | ended; left agentloop tool
            toolFailure | request stream tool append | finished; output the reason was logged; log the hook for failed tools failed | finished; log the hook for failed tools answered null | ended | ended; left agentloop tool
            tool.specification | request | as thrown | null pointer | ended | ended; named the source of tools
            tool.access | request stream tool | finished; log failed to say its access, taken is UNRESTRICTED | finished; log said null as its access, taken is UNRESTRICTED | ended | ended; named 's access
            tool.afterCrash | request | finished; log failed to say its afterCrash, taken is REPORT; output The result of this call is unknown | finished; log said null as its afterCrash, taken is REPORT; output The result of this call is unknown | ended | ended; named 's afterCrash
            tool.honoursFencing | request | finished; log failed to say its honoursFencing; output The result of this call is unknown | - | ended | ended; named 's honoursFencing
            tool.timeout | request stream tool | finished; log failed to say its timeout | finished | ended | ended; named 's timeout
            tool.outputTokens | request stream tool | finished; log failed to say its outputTokens | - | ended | ended; named 's outputTokens
            tool.keptInCompaction | compaction | finished; log failed to say its keptInCompaction | - | ended | ended; named 's keptInCompaction
            tool.place | request stream tool | finished; log failed to say its place | finished; log said null as its place | ended | ended; named 's place
            tool.rule | request stream tool | finished; log failed to say its rule | finished; log said null as its rule | ended | ended; named 's rule
            tool.allowedBy | request stream tool | finished; log failed to say its allowedBy | - | ended | ended; named 's allowedBy
            approver.decide | request stream tool append | finished; output refused by the user: the approver failed: {thrown}; log the approver failed at call | finished; output refused by the user: the approver gave no answer; log the approver answered null | ended | ended; left agentloop approver
            policy.decide | request stream tool | finished; output refused: the approval policy failed: {thrown}; log the approval policy failed | finished; output refused: the approval policy gave no decision; log the approval policy decided null | ended | ended; named the approval policy
            model.settings | request | as thrown | no value | ended | ended; named the model's settings
            model.respond | stream tool append | as thrown; log the run failed at version | protocol; log the run failed at version | ended | ended; left agentloop model
            model.countTokens | request | finished | finished | ended | ended; left agentloop counting tokens
            compactor.name | compaction | finished | finished | ended | ended; named a compactor's name
            compactor.inOrder | compaction | compaction failed | compaction failed | ended | ended; left agentloop the compactors' order
            compactor.offer | compaction | compaction failed | compaction failed | ended | ended; left agentloop compactor
            compactor.compact | compaction | compaction failed | compaction failed | ended | ended; left agentloop compactor
            compactor.offer first | compaction | finished | finished | ended | ended; left agentloop compactor
            compactor.compact first | compaction | finished | finished | ended | ended; left agentloop compactor
            store.append | request stream tool compaction | finished; log sending it again | finished; log sending it again | ended/unknown | ended; held the store's append
            store.append | end | finished; log sending it again | finished; log sending it again | ended/unknown | ended; held the store's append
            store.append down | request stream tool compaction end | unknown; log sending it again | unknown; log sending it again | unknown | ended; held the store's append
            store.append last | end | finished; log sending it again | finished; log sending it again | finished/unknown | finished; held the store's append
            store.append last down | end | unknown; log sending it again | unknown; log sending it again | unknown | finished; held the store's append
            store.load | request | unavailable | unavailable | ended | ended; held the store's load
            store.head | request stream tool | unavailable; log the run failed | unavailable; log the run failed | ended | ended; held the store's head
            store.inbox | request | unavailable | unavailable | ended | ended; held the store's inbox
            store.inbox | stream tool compaction | finished; log the inbox could not be read | finished; log the inbox could not be read | ended | ended; held the store's inbox
            store.inbox | end | finished; log the inbox could not be read | finished; log the inbox could not be read | ended | ended; held the store's inbox
            store.waiting | stream tool compaction | finished; log could not be looked into | finished; log could not be looked into | ended/finished | ended/finished
            store.removeMessages | request end | unknown; log the run failed | - | unknown | ended; held the store's removeMessages
            store.leases | request stream tool | unavailable | unavailable | ended | ended; held the store's leases
            leases.process | request | unavailable | unavailable | ended | ended; held the store's leases.process
            leases.alive | request | unavailable | - | ended | ended; held the store's leases.alive
            leases.held | request stream tool | unavailable | - | ended | ended; held the store's leases.held
            store.tenant | request stream tool | unavailable | unavailable | ended | ended; held the store's tenant
            cache.supplier | request | finished; log the prefix cache failed | finished; log the prefix cache answered null | ended | ended; named the prefix cache's supplier
            cache.resume | request | finished; log the prefix cache failed | - | ended | ended; named the prefix cache's resume
            cache.check | request | finished; log the prefix cache failed | finished; log the prefix cache answered null | ended | ended; named the prefix cache's check
            cache.settle | tool | finished; log the prefix cache failed | finished; log the prefix cache answered null | ended | ended; named the prefix cache's settle
            cache.settle | end | finished; log the prefix cache failed | finished; log the prefix cache answered null | ended | ended; named the prefix cache's settle
            listener | request stream tool append compaction | finished; log the listener failed at | - | ended/finished; left agentloop listener | ended/finished; left agentloop listener
            listener | end | finished; log the listener failed at | - | ended/finished; left agentloop listener | ended/finished; left agentloop listener
            listener direct | request stream tool compaction | finished; log the listener failed at | - | ended | ended; named the listener, told of
            listener direct | end | finished; log the listener failed at | - | ended | ended; named the listener, told of
            listener last | end | finished; log the listener failed at RunEnded | - | finished; left agentloop listener | finished; left agentloop listener
            listener direct last | end | finished; log the listener failed at RunEnded | - | finished | finished; named the listener, told of RunEnded,
            tools.source | request | as thrown | null pointer | ended | ended; named the source of tools
            threads.listener | request | no thread | no thread | - | -
            threads.tool | request stream tool | finished; output no thread could be started | finished; output no thread could be started | - | -
            """;

    /** What must be seen of a fault. */
    record Expected(List<String> endings, List<String> logs, String output, String left, String named, String held) {
        static Expected of(String text) {
            List<String> parts =
                    Arrays.stream(text.split(";")).map(String::trim).toList();
            return new Expected(
                    List.of(parts.get(0).split("/")),
                    all(parts, "log")
                            .flatMap(log -> Arrays.stream(log.split(", ")))
                            .toList(),
                    all(parts, "output").findFirst().orElse(""),
                    all(parts, "left").findFirst().orElse(""),
                    all(parts, "named").findFirst().orElse(""),
                    all(parts, "held").findFirst().orElse(""));
        }

        private static java.util.stream.Stream<String> all(List<String> parts, String name) {
            return parts.stream()
                    .filter(part -> part.startsWith(name + " "))
                    .map(part -> part.substring(name.length() + 1));
        }
    }

    /** A cell of the matrix and what is expected of it. */
    record Case(String callback, Behaviour behaviour, Moment moment, Expected expected) {
        /** The kind of callback and the class of its behaviour, by which what was seen is counted. */
        String group() {
            String kind = callback.contains(".") ? callback.substring(0, callback.indexOf('.')) : callback;
            return kind + ", "
                    + (behaviour.throwing() ? "throws" : behaviour.name().toLowerCase(Locale.ROOT));
        }

        @Override
        public String toString() {
            return callback + " " + behaviour + " at " + moment;
        }
    }

    private FaultTable() {}

    static List<Case> cases() {
        List<Case> cases = new ArrayList<>();
        for (String row : ROWS.strip().split("\n")) {
            String[] columns = row.split(" \\| ");
            for (String moment : columns[1].trim().split(" ")) {
                for (Behaviour behaviour : Behaviour.values()) {
                    expected(columns, behaviour)
                            .ifPresent(expected -> cases.add(new Case(
                                    columns[0].trim(),
                                    behaviour,
                                    Moment.valueOf(moment.toUpperCase(Locale.ROOT)),
                                    expected)));
                }
            }
        }
        return cases;
    }

    private static Optional<Expected> expected(String[] columns, Behaviour behaviour) {
        String text = columns[
                switch (behaviour) {
                    case NULL -> 3;
                    case BLOCKS -> 4;
                    case STUCK -> 5;
                    default -> 2;
                }]
                .trim();
        return text.equals("-") ? Optional.empty() : Optional.of(Expected.of(text));
    }
}
