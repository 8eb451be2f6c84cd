package dev.agentloop;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A turn costs what is new, whatever the server says of the prompt: by what the loop's thread allocates, no clock. */
class FlatTurnTest extends LoopFixture {
    private static final int TURNS = 2_000;
    /** Twice what was seen, and less than a hundredth of the largest prompt. */
    private static final long MOST = 100_000;

    private static final long SEED = System.nanoTime();

    private final com.sun.management.ThreadMXBean threads =
            (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();

    /** What a server says that it has read. */
    enum Server {
        COUNTS(10_000_000) {
            @Override
            Usage usage(Prompt prompt) {
                return Usage.reported(prompt.length() / 4, 0, 0, 20, 0);
            }
        },
        SAYS_NOTHING(10_000_000) {
            @Override
            Usage usage(Prompt prompt) {
                return Usage.estimate(prompt.length(), 80);
            }
        },
        SAYS_FAR_TOO_LITTLE(10_000_000) {
            @Override
            Usage usage(Prompt prompt) {
                return Usage.reported(prompt.size(), 0, 0, 20, 0);
            }
        },
        /** A few tokens for each of many bytes: a count that is right, and far below the bytes. */
        SEES_IMAGES(10_000_000) {
            @Override
            Usage usage(Prompt prompt) {
                return Usage.reported(40 * 1_800 + (prompt.length() - 40 * 200_000) / 4, 0, 0, 20, 0);
            }

            @Override
            Item input() {
                return Item.user(
                        "What is this?",
                        IntStream.range(0, 40)
                                .mapToObj(i -> "data:image/png;base64," + "A".repeat(200_000))
                                .toList());
            }
        },
        /** The window is full after some fifty turns, and the server goes on all the same. */
        IS_BEYOND_ITS_WINDOW(10_000) {
            @Override
            Usage usage(Prompt prompt) {
                return COUNTS.usage(prompt);
            }
        },
        /** The same without a count, and with a compactor that finds nothing to leave out. */
        IS_BEYOND_ITS_WINDOW_WITHOUT_COUNTING(10_000) {
            @Override
            Usage usage(Prompt prompt) {
                return SAYS_NOTHING.usage(prompt);
            }

            @Override
            Compactor compactor() {
                return Compactor.withoutOldOutputs();
            }
        };

        private final long window;

        Server(long window) {
            this.window = window;
        }

        abstract Usage usage(Prompt prompt);

        Item input() {
            return Item.user("Go through the file.");
        }

        Compactor compactor() {
            return Compactor.NEVER;
        }
    }

    /** Calls the tool again and again, each time otherwise. */
    private static final class Caller implements Model {
        private final Server server;
        private int turn;

        Caller(Server server) {
            this.server = server;
        }

        @Override
        public PromptSettings settings() {
            return PromptSettings.of("scripted").contextWindow(server.window).build();
        }

        @Override
        public ModelResponse respond(Prompt prompt, Listener listener) {
            turn++;
            Item item = turn == TURNS
                    ? Script.message("done")
                    : Item.functionCall("call_" + turn, "read", "{\"line\":" + turn + "}");
            return ModelResponse.of(List.of(item), server.usage(prompt));
        }
    }

    @ParameterizedTest
    @EnumSource(Server.class)
    void aLateTurn_allocatesNoMoreThanTwiceAnEarlyOne(Server server) {
        Random random = new Random(SEED);
        Tool read = TestTool.reads(
                "read", (call, context) -> ToolOutput.text(call.arguments() + "x".repeat(100 + random.nextInt(300))));
        List<Long> allocated = new ArrayList<>();
        try (AgentLoop agent =
                agent(new Caller(server), read).compactor(server.compactor()).build()) {
            Outcome outcome = agent.newConversation().run(List.of(server.input()), at(event -> {
                if (event instanceof AgentEvent.StepStarted) {
                    allocated.add(threads.getCurrentThreadAllocatedBytes());
                }
            }));
            assertThat(outcome).isInstanceOf(Outcome.Finished.class);
        }
        assertThat(allocated).hasSize(TURNS);
        long early = perTurn(allocated, TURNS / 20, TURNS / 10);
        long late = perTurn(allocated, TURNS / 2, TURNS);
        assertThat(late)
                .as("seed %d, bytes a turn, early %d", SEED, early)
                .isLessThanOrEqualTo(2 * early)
                .isLessThanOrEqualTo(MOST);
    }

    private static long perTurn(List<Long> allocated, int from, int to) {
        return (allocated.get(to - 1) - allocated.get(from)) / (to - 1 - from);
    }
}
