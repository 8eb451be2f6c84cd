package dev.agentloop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Random responses of calls that read, write, are asked about or refused, held against a model of what must happen when. */
@Timeout(180)
class RandomHeldCallsTest extends LoopFixture {
    private static final int RESPONSES = 300;

    private final List<String> effects = Collections.synchronizedList(new ArrayList<>());

    /** The tools, by what happens to their calls. */
    private enum Kind {
        READ,
        WRITE,
        ASKED,
        ASKED_READ,
        DENIED;

        boolean asked() {
            return this == ASKED || this == ASKED_READ;
        }

        boolean reads() {
            return this == READ || this == ASKED_READ;
        }
    }

    private static final ApprovalPolicy POLICY = (call, access) -> switch (Kind.valueOf(call.name())) {
        case READ, WRITE -> ApprovalPolicy.Decision.allow();
        case ASKED, ASKED_READ -> ApprovalPolicy.Decision.ask("may it?");
        case DENIED -> ApprovalPolicy.Decision.deny("never");
    };

    private Tool[] tools() {
        return IntStream.range(0, Kind.values().length)
                .mapToObj(i -> Kind.values()[i])
                .map(kind -> new TestTool(
                        kind.name(),
                        kind.reads() ? Tool.Access.READS : Tool.Access.WRITES,
                        Tool.AfterCrash.REPORT,
                        (call, context) -> {
                            effects.add(call.callId());
                            return ToolOutput.text("did it");
                        }))
                .toArray(Tool[]::new);
    }

    private static List<Kind> response(Random random) {
        return random.ints(1 + random.nextInt(9), 0, Kind.values().length)
                .mapToObj(i -> Kind.values()[i])
                .toList();
    }

    private static Script script(List<Kind> kinds, boolean streamed) {
        List<Item> items = IntStream.range(0, kinds.size())
                .mapToObj(i -> Script.call(String.valueOf(i), kinds.get(i).name()))
                .toList();
        return new Script(
                (prompt, listener) -> {
                    if (streamed) {
                        items.forEach(listener::onItem);
                    }
                    return ModelResponse.of(items, Usage.reported(1, 0, 0, 1, 0));
                },
                Script.says("done"));
    }

    /** What must happen, from the calls and what was decided about them; says nothing of how the loop does it. */
    private static final class Expected {
        private final List<Kind> kinds;
        private final Map<Integer, Boolean> decided = new TreeMap<>();
        private final List<String> changes = new ArrayList<>();
        private final List<String> reads = new ArrayList<>();
        private final List<Integer> done = new ArrayList<>();

        Expected(List<Kind> kinds) {
            this.kinds = kinds;
        }

        /** Lets happen what may, and gives the calls that are to be decided about. */
        List<Integer> run() {
            List<Integer> open = new ArrayList<>();
            for (int i = 0; i < kinds.size(); i++) {
                Kind kind = kinds.get(i);
                if (done.contains(i)) {
                    continue;
                }
                if (kind.asked() && !decided.containsKey(i)) {
                    open.add(i);
                } else if (kind.asked() && !decided.get(i)) {
                    done.add(i);
                } else if (kind.reads()) {
                    happens(i, reads);
                } else if (open.isEmpty()) {
                    happens(i, changes);
                }
            }
            return open;
        }

        private void happens(int call, List<String> to) {
            done.add(call);
            if (kinds.get(call) != Kind.DENIED) {
                to.add(String.valueOf(call));
            }
        }
    }

    private void check(String what, Expected expected) {
        List<String> seen = List.copyOf(effects);
        assertThat(seen.stream()
                        .filter(id -> !expected.kinds.get(Integer.parseInt(id)).reads()))
                .as(what)
                .containsExactlyElementsOf(expected.changes);
        assertThat(seen.stream()
                        .filter(id -> expected.kinds.get(Integer.parseInt(id)).reads()))
                .as(what)
                .containsExactlyInAnyOrderElementsOf(expected.reads);
    }

    @Test
    void decisionsOverNewHandles_letEffectsHappenInOrder() {
        long seed = Long.getLong("agentloop.seed", System.nanoTime());
        System.out.println("RandomHeldCallsTest decisions: -Dagentloop.seed=" + seed);
        Random random = new Random(seed);
        for (int round = 0; round < RESPONSES; round++) {
            decideBitByBit(response(random), random);
        }
    }

    private void decideBitByBit(List<Kind> kinds, Random random) {
        effects.clear();
        Expected expected = new Expected(kinds);
        Script script = script(kinds, random.nextBoolean());
        String id = "";
        List<Integer> open;
        do {
            try (AgentLoop agent = agent(script, tools()).approval(POLICY).build()) {
                Conversation conversation = id.isEmpty() ? agent.newConversation() : agent.resume(id);
                Outcome outcome = id.isEmpty() ? conversation.run("x") : conversation.run(RunOptions.DEFAULT);
                id = conversation.id();
                open = expected.run();
                check(kinds + " decided " + expected.decided, expected);
                assertThat(
                                outcome instanceof Outcome.AwaitingApproval awaiting
                                        ? awaiting.pending().stream().map(Outcome.Pending::callId)
                                        : List.<String>of().stream())
                        .as("%s", kinds)
                        .containsExactlyElementsOf(
                                open.stream().map(String::valueOf).toList());
            }
            decide(id, open, expected, random);
        } while (!open.isEmpty());
        assertThat(script.prompts).hasSize(2);
    }

    private void decide(String id, List<Integer> open, Expected expected, Random random) {
        if (open.isEmpty()) {
            return;
        }
        List<Integer> some = new ArrayList<>(open);
        Collections.shuffle(some, random);
        try (AgentLoop other = agent(new Script()).build()) {
            for (int call : some.subList(0, 1 + random.nextInt(some.size()))) {
                boolean approved = random.nextBoolean();
                expected.decided.put(call, approved);
                if (approved) {
                    other.resume(id).approve(String.valueOf(call));
                } else {
                    other.resume(id).deny(String.valueOf(call), "");
                }
            }
        }
    }

    @Test
    void approverInProcess_readsWhatStaysAsItIs() {
        long seed = Long.getLong("agentloop.seed", System.nanoTime());
        System.out.println("RandomHeldCallsTest approver: -Dagentloop.seed=" + seed);
        Random random = new Random(seed);
        for (int round = 0; round < RESPONSES; round++) {
            askInProcess(response(random), random);
        }
    }

    private void askInProcess(List<Kind> kinds, Random random) {
        effects.clear();
        Expected expected = new Expected(kinds);
        List<Integer> asked = new ArrayList<>();
        long decisions = random.nextLong();
        List<Throwable> wrong = new ArrayList<>();
        Approver approver = question -> {
            int call = Integer.parseInt(question.callId());
            asked.add(call);
            try {
                checkWhileAsked(call, expected);
            } catch (Throwable e) {
                // For the loop it would only be a refusal.
                wrong.add(e);
            }
            boolean approved = (decisions >> call & 1) == 1;
            expected.decided.put(call, approved);
            return approved ? Approver.Answer.approve() : Approver.Answer.deny("");
        };
        Script script = script(kinds, random.nextBoolean());
        try (AgentLoop agent =
                agent(script, tools()).approval(POLICY).approver(approver).build()) {
            assertThat(agent.newConversation().run("x").text()).isEqualTo("done");
        }
        assertThat(wrong).isEmpty();
        assertThat(expected.run()).as("%s", kinds).isEmpty();
        check(kinds + " at the end", expected);
        assertThat(asked).as("%s", kinds).hasSize((int)
                kinds.stream().filter(Kind::asked).count());
    }

    private void checkWhileAsked(int call, Expected expected) {
        assertThat(expected.run().get(0)).as("%s", expected.kinds).isEqualTo(call);
        // All that may happen meanwhile does; what happens besides, the next check sees.
        await().pollInterval(Duration.ofMillis(1))
                .until(() -> effects.size() >= expected.changes.size() + expected.reads.size());
        check(expected.kinds + " while asked about " + call, expected);
    }
}
