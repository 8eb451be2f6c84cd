package dev.agentloop.pg;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.agentloop.AgentLoop;
import dev.agentloop.Conversation;
import dev.agentloop.spi.LogEntry;
import dev.agentloop.spi.LogPosition;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What must be true of the scripted conversation after a kill, and of the whole of it.
 *
 * @param where the kill, for messages
 */
record CrashCheck(PgConversationStore store, CrashFolder folder, String id, String where) {
    private static final String UNKNOWN = "The result of this call is unknown";

    /** The log that survived is whole, has all that was acknowledged, and folds to the bytes that were sent. */
    void survived() {
        List<LogEntry> log = log();
        for (LogPosition position : folder.acknowledged()) {
            assertThat(log.size()).as("%s: acknowledged %s", where, position).isGreaterThanOrEqualTo((int)
                    position.version());
            assertThat(log.get((int) position.version() - 1).position())
                    .as("%s: acknowledged", where)
                    .isEqualTo(position);
        }
        Map<Long, String> requests = folder.requests();
        if (requests.isEmpty()) {
            return;
        }
        try (AgentLoop agent = AgentLoop.builder()
                .model(new CrashModel(folder, () -> 0))
                .store(store)
                .build()) {
            Conversation conversation = agent.resume(id);
            requests.forEach((version, sent) -> assertThat(CrashFolder.wire(conversation.promptAt(version)))
                    .as("%s: the fold of version %d", where, version)
                    .isEqualTo(sent));
        }
    }

    private List<LogEntry> log() {
        List<LogEntry> log = store.read(id, 0, Integer.MAX_VALUE);
        LogPosition position = LogPosition.START;
        for (LogEntry entry : log) {
            assertThat(entry.follows(position))
                    .as("%s: %s follows", where, entry)
                    .isTrue();
            position = entry.position();
        }
        return log;
    }

    /**
     * The run has come to its end: each request extends the one before, and each effect is there as often as its tool's
     * policy says, with everything that may not be repeated done once, or reported or asked about.
     *
     * @param taken whether another process has gone on
     */
    void ended(boolean taken) {
        survived();
        List<LogEntry> log = log();
        List<Map.Entry<Long, String>> requests =
                new ArrayList<>(folder.requests().entrySet());
        for (int i = 1; i < requests.size(); i++) {
            long from = requests.get(i - 1).getKey();
            long to = requests.get(i).getKey();
            boolean newEpoch = log.subList((int) from, (int) to).stream()
                    .anyMatch(entry -> entry.kind().startsWith("epoch"));
            assertThat(newEpoch
                            || requests.get(i)
                                    .getValue()
                                    .startsWith(requests.get(i - 1).getValue()))
                    .as("%s: request at %d extends the one at %d", where, to, from)
                    .isTrue();
        }
        String last = requests.get(requests.size() - 1).getValue();
        CrashModel.STAGES.forEach(
                stage -> stage.forEach((callId, kind) -> checkEffect(log, last, callId, kind, taken)));
    }

    private void checkEffect(List<LogEntry> log, String last, String callId, CrashTool.Kind kind, boolean taken) {
        List<CrashEffect> effects = folder.effects(callId);
        String of = where + ": " + kind + " " + callId + " " + effects;
        String output = "\"call_id\":\"" + callId + "\",\"output\":\"";
        assertThat(entries(log, "item.output", callId)).as("%s: outputs", of).isEqualTo(1);
        assertThat((long) effects.size())
                .as("%s: done without a durable start", of)
                .isLessThanOrEqualTo(entries(log, "tool.started", callId));
        String name = id + "/" + version(log, callId);
        assertThat(effects).as(of).extracting(CrashEffect::key).allMatch(key -> key.equals(name));
        boolean done = last.contains(output + "did " + callId + "\"");
        boolean unknown = last.contains(output + UNKNOWN);
        boolean asked =
                folder.lines("asked").stream().anyMatch(line -> line.startsWith(callId + " This call was under"));
        boolean refused = last.contains(output + "refused by the user: it was done already") && asked;
        switch (kind) {
            case LOOK -> assertThat(effects).as(of).isNotEmpty();
            case BOOK -> assertThat(done && effects.size() == 1).as(of).isTrue();
            case SET ->
                assertThat(done ? sound(effects, taken) : taken && unknown && effects.size() <= 1)
                        .as(of)
                        .isTrue();
            case PAY, DEPLOY ->
                assertThat(done ? effects.size() == 1 : unknown && effects.size() <= 1)
                        .as(of)
                        .isTrue();
            case SEND ->
                assertThat((done || refused) && effects.size() == 1).as(of).isTrue();
        }
    }

    // It is run again by the process that began it, and by no other.
    private static boolean sound(List<CrashEffect> effects, boolean taken) {
        return taken ? effects.size() == 1 : !effects.isEmpty();
    }

    /** The calls whose start these entries tell. */
    static List<String> started(List<LogEntry> entries) {
        return entries.stream()
                .filter(entry -> entry.kind().equals("tool.started"))
                .map(entry -> new String(entry.content(), UTF_8).replaceAll(".*\"call_id\":\"(\\w+)\".*", "$1"))
                .toList();
    }

    /** The version of the entry of a call, which is the call's name. */
    private static long version(List<LogEntry> log, String callId) {
        return log.stream()
                .filter(entry -> entry.kind().equals("item.model"))
                .filter(entry -> new String(entry.content(), UTF_8).contains("\"call_id\":\"" + callId + "\""))
                .findFirst()
                .orElseThrow()
                .version();
    }

    private static long entries(List<LogEntry> log, String kind, String callId) {
        return log.stream()
                .filter(entry -> Set.of(kind, kind + ".error").contains(entry.kind()))
                .filter(entry -> new String(entry.content(), UTF_8).contains("\"call_id\":\"" + callId + "\""))
                .count();
    }
}
