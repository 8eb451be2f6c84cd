package dev.agentloop.internal.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.agentloop.AgentEvent;
import dev.agentloop.Model.DeltaKind;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Semaphore;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What the buffer between a run and its listener holds, merges, and never loses. */
class EventBufferTest {
    private static final Duration NEVER = Duration.ofSeconds(30);

    private static final List<DeltaKind> KINDS = List.of(DeltaKind.values());

    private final EventBuffer buffer = new EventBuffer();
    private final List<AgentEvent> taken = Collections.synchronizedList(new ArrayList<>());
    private final Semaphore mayTake = new Semaphore(0);
    private final Thread listener = new Thread(() -> buffer.drain(event -> {
        mayTake.acquireUninterruptibly();
        taken.add(event);
    }));

    @AfterEach
    void end() {
        buffer.close();
        mayTake.release(1_000_000);
    }

    private static AgentEvent delta(DeltaKind kind, String text) {
        return new AgentEvent.Delta(kind, text);
    }

    private static AgentEvent text(String text) {
        return delta(DeltaKind.TEXT, text);
    }

    private static AgentEvent warning(int number) {
        return new AgentEvent.Warning("" + number);
    }

    private static String textOf(AgentEvent event) {
        return ((AgentEvent.Delta) event).text();
    }

    private List<AgentEvent> drained() {
        buffer.close();
        List<AgentEvent> all = new ArrayList<>();
        buffer.drain(all::add);
        return all;
    }

    @Test
    void events_comeOutInTheirOrder() {
        List<AgentEvent> put = new ArrayList<>();
        for (int i = 0; i < EventBuffer.MOST_EVENTS; i++) {
            put.add(i % 2 == 0 ? text("" + i) : warning(i));
            assertThat(buffer.offer(put.get(i))).isTrue();
        }
        assertThat(drained()).isEqualTo(put);
    }

    @Test
    void deltas_areNotMerged_whileThereIsRoom() {
        for (int i = 0; i < EventBuffer.MOST_EVENTS; i++) {
            buffer.offer(text("x"));
        }
        assertThat(drained()).hasSize(EventBuffer.MOST_EVENTS);
    }

    @Test
    void deltasOfOneItem_becomeOne_whenTheBufferIsFull() {
        for (int i = 0; i < EventBuffer.MOST_EVENTS; i++) {
            buffer.offer(text("" + i % 10));
        }
        assertThat(buffer.offer(text("!"))).isTrue();
        List<AgentEvent> all = drained();
        assertThat(all).hasSize(2);
        assertThat(textOf(all.get(0))).hasSize(EventBuffer.MOST_EVENTS).startsWith("0123456789012");
        assertThat(textOf(all.get(1))).isEqualTo("!");
    }

    @Test
    void deltas_areNeverMerged_acrossABoundaryAnotherKindOrAnotherEvent() {
        int part = EventBuffer.MOST_EVENTS / 4;
        for (int i = 0; i < part; i++) {
            buffer.offer(text("a"));
        }
        buffer.boundary();
        for (int i = 0; i < part; i++) {
            buffer.offer(text("b"));
        }
        for (int i = 0; i < part; i++) {
            buffer.offer(delta(DeltaKind.REASONING, "c"));
        }
        buffer.offer(warning(1));
        for (int i = 1; i < part; i++) {
            buffer.offer(delta(DeltaKind.REASONING, "d"));
        }
        buffer.offer(delta(DeltaKind.REASONING, "e"));
        List<AgentEvent> all = drained();
        assertThat(all)
                .containsExactly(
                        text("a".repeat(part)),
                        text("b".repeat(part)),
                        delta(DeltaKind.REASONING, "c".repeat(part)),
                        warning(1),
                        delta(DeltaKind.REASONING, "d".repeat(part - 1)),
                        delta(DeltaKind.REASONING, "e"));
    }

    @Test
    void fullBufferWithoutNeighbours_takesNoMore_untilOneIsTaken() {
        for (int i = 0; i < EventBuffer.MOST_EVENTS; i++) {
            assertThat(buffer.offer(warning(i))).isTrue();
        }
        assertThat(buffer.offer(warning(-1))).isFalse();
        assertThat(buffer.undelivered()).isEqualTo(EventBuffer.MOST_EVENTS);
        mayTake.release(1);
        listener.start();
        await().atMost(NEVER)
                .untilAsserted(() -> assertThat(buffer.offer(warning(-1))).isTrue());
    }

    @Test
    void aMillionCharacters_areFull_howeverFewEventsTheyAre() throws Exception {
        assertThat(buffer.offer(text("x".repeat((int) EventBuffer.MOST_CHARACTERS - 1))))
                .isTrue();
        assertThat(buffer.offer(text("y"))).isTrue();
        assertThat(buffer.offer(text("z"))).isFalse();
        Thread waiting = new Thread(() -> {
            try {
                buffer.awaitRoom();
                buffer.put(text("z"));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        waiting.start();
        await().atMost(NEVER).until(() -> waiting.getState() == Thread.State.WAITING);
        mayTake.release(10);
        listener.start();
        waiting.join(NEVER.toMillis());
        await().atMost(NEVER).until(() -> buffer.undelivered() == 0);
        // The two were merged when there was no room, and what came after was put in once there was.
        assertThat(taken).hasSize(2);
        assertThat(textOf(taken.get(0)))
                .hasSize((int) EventBuffer.MOST_CHARACTERS)
                .endsWith("xy");
        assertThat(taken.get(1)).isEqualTo(text("z"));
    }

    @Test
    void awaitEmpty_waitsForTheLastEventToBeReturnedFrom_untilTheDeadline() throws Exception {
        buffer.put(warning(1));
        buffer.put(warning(2));
        listener.start();
        await().atMost(NEVER).until(mayTake::hasQueuedThreads);
        buffer.awaitEmpty(System.nanoTime());
        assertThat(buffer.undelivered()).isEqualTo(2);
        mayTake.release(1);
        await().atMost(NEVER).until(() -> taken.size() == 1 && mayTake.hasQueuedThreads());
        assertThat(buffer.undelivered()).isEqualTo(1);
        mayTake.release(1);
        buffer.awaitEmpty(System.nanoTime() + NEVER.toNanos());
        assertThat(taken).containsExactly(warning(1), warning(2));
    }

    @Test
    void interruptOfTheListener_losesNothing() throws Exception {
        listener.start();
        listener.interrupt();
        mayTake.release(2);
        buffer.put(warning(1));
        buffer.put(warning(2));
        buffer.close();
        listener.join(NEVER.toMillis());
        assertThat(taken).containsExactly(warning(1), warning(2));
    }

    /** A delta of an item, or another event where the item is negative. */
    private record Put(AgentEvent event, int item) {}

    @Test
    void slowListener_getsTheSameText_forAnyEvents() throws Exception {
        long seed = Long.getLong("agentloop.seed", 20_261_130L);
        System.err.println("seed " + seed);
        Random random = new Random(seed);
        List<Put> all = new ArrayList<>();
        listener.start();
        int item = 0;
        for (int i = 0; i < 40_000; i++) {
            if (random.nextInt(100) == 0) {
                item++;
                buffer.boundary();
            }
            boolean other = random.nextInt(60) == 0;
            DeltaKind kind = KINDS.get(random.nextInt(200) == 0 ? 1 : item % 3);
            Put put = new Put(
                    other ? warning(i) : delta(kind, Integer.toString(i, 36).repeat(1 + random.nextInt(30))),
                    other ? -1 : item);
            all.add(put);
            mayTake.release(random.nextInt(25) == 0 ? 1 : 0);
            while (!buffer.offer(put.event())) {
                mayTake.release(1 + random.nextInt(20));
                buffer.awaitRoom();
            }
        }
        mayTake.release(1_000_000);
        buffer.close();
        listener.join(NEVER.toMillis());
        assertThat(taken).hasSizeLessThan(all.size());
        compare(all);
    }

    // Each event that was delivered is the next one that was put in, or several deltas of one item that stood together.
    private void compare(List<Put> all) {
        int next = 0;
        for (AgentEvent event : taken) {
            Put first = all.get(next++);
            if (first.item() < 0) {
                assertThat(event).isEqualTo(first.event());
                continue;
            }
            AgentEvent.Delta delta = (AgentEvent.Delta) event;
            StringBuilder text = new StringBuilder(textOf(first.event()));
            while (text.length() < delta.text().length()) {
                Put more = all.get(next++);
                assertThat(more.item()).as("the item of %s", more).isEqualTo(first.item());
                assertThat(((AgentEvent.Delta) more.event()).kind()).isEqualTo(delta.kind());
                text.append(textOf(more.event()));
            }
            assertThat(delta.text()).isEqualTo(text.toString());
            assertThat(delta.kind()).isEqualTo(((AgentEvent.Delta) first.event()).kind());
        }
        assertThat(next).isEqualTo(all.size());
    }
}
