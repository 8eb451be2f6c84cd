package dev.agentloop.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.agentloop.AgentLoop;
import dev.agentloop.Item;
import dev.agentloop.RunOptions;
import dev.agentloop.Tool;
import dev.agentloop.ToolCall;
import dev.agentloop.spi.ConversationStore;
import dev.agentloop.stores.FileStore;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.reflect.Method;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CrashHarnessTest {
    @TempDir
    Path folder;

    /** Writes a file between points. */
    static final class Writer {
        public static void main(String[] arguments) throws IOException {
            PrintStream out = new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8);
            CrashPoints points = CrashPoints.ofThisProcess();
            Path file = Path.of(arguments[0]);
            points.reach("before writing");
            Files.writeString(file, "written");
            out.println("I wrote");
            points.reach("after writing");
            Files.delete(file);
        }
    }

    /** Fails by itself. */
    static final class Failing {
        public static void main(String[] arguments) {
            CrashPoints.ofThisProcess().reach("nearly there");
            throw new IllegalStateException("it went wrong");
        }
    }

    /** Runs an agent of one call. */
    static final class Agent {
        public static void main(String[] arguments) {
            CrashPoints points = CrashPoints.ofThisProcess();
            ScriptedModel model = ScriptedModel.answering(
                    ScriptedResponse.calls("call_1", "sample", SampleToolTest.GOOD), ScriptedResponse.says("done"));
            try (ConversationStore store = points.around(new FileStore(Path.of(arguments[0])));
                    AgentLoop agent = AgentLoop.builder()
                            .model(model)
                            .store(store)
                            .tools(points.around(new SampleTool()))
                            .build()) {
                agent.newConversation()
                        .run(
                                "go",
                                RunOptions.listeningWith(points.around(event -> {}))
                                        .withDelivery(RunOptions.Delivery.DIRECT));
            }
        }
    }

    @Test
    void stopAt_killsAtThatPoint() throws InterruptedException {
        CrashHarness harness = CrashHarness.of(Writer.class);
        Path file = folder.resolve("file");
        CrashHarness.Run first = harness.stopAt(1, file.toString());
        assertThat(first.stoppedAt()).contains("before writing");
        assertThat(first.points()).containsExactly("before writing");
        assertThat(first.output()).isEmpty();
        assertThat(file).doesNotExist();
        CrashHarness.Run second = harness.stopAt(2, file.toString());
        assertThat(second.stoppedAt()).contains("after writing");
        assertThat(second.output()).containsExactly("I wrote");
        assertThat(file).content(StandardCharsets.UTF_8).isEqualTo("written");
        CrashHarness.Run third = harness.stopAt(3, file.toString());
        assertThat(third.stoppedAt()).isEmpty();
        assertThat(third.points()).containsExactly("before writing", "after writing");
        assertThat(third.exitCode()).isZero();
        assertThat(file).doesNotExist();
    }

    @Test
    void programThatFails_isAnAssertionErrorWithWhatItSaid() {
        assertThatThrownBy(() -> CrashHarness.of(Failing.class).run())
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("failed with exit code 1")
                .hasMessageContaining("nearly there")
                .hasMessageContaining("it went wrong");
    }

    /** Declares something of its own wherever a tool can. */
    private static final class Declaring extends SampleTool {
        @Override
        public Access access(ToolCall call) {
            return Access.READS;
        }

        @Override
        public AfterCrash afterCrash(ToolCall call) {
            return AfterCrash.ASK;
        }

        @Override
        public boolean honoursFencing() {
            return true;
        }

        @Override
        public Duration timeout() {
            return Duration.ofSeconds(7);
        }

        @Override
        public boolean keptInCompaction() {
            return true;
        }

        @Override
        public int outputTokens() {
            return 7;
        }

        @Override
        public String place(ToolCall call) {
            return "a place";
        }

        @Override
        public Optional<String> rule(ToolCall call) {
            return Optional.of("a rule");
        }

        @Override
        public boolean allowedBy(List<String> rules, ToolCall call) {
            return rules.contains("a rule");
        }
    }

    @Test
    void toolWithPoints_isAsItDeclaresItself() throws ReflectiveOperationException {
        ToolCall call = ToolCall.of((Item.Call) Item.functionCall("call_1", "sample", "{}"));
        Tool tool = new Declaring();
        Tool pointed = CrashPoints.ofThisProcess().around(tool);
        for (Method method : Tool.class.getMethods()) {
            if (!method.getName().equals("call")) {
                Object[] arguments = Stream.of(method.getParameterTypes())
                        .map(type -> type.equals(List.class) ? List.of("a rule") : call)
                        .toArray();
                assertThat(method.invoke(pointed, arguments))
                        .as("%s", method)
                        .isEqualTo(method.invoke(tool, arguments));
            }
        }
    }

    @Test
    void storeToolAndEvents_havePoints() throws InterruptedException {
        CrashHarness harness = CrashHarness.of(Agent.class).with("-Xmx128m");
        List<String> points = harness.run(folder.resolve("whole").toString()).points();
        assertThat(points)
                .contains(
                        "event RunStarted",
                        "event ToolStarted",
                        "before call sample call_1",
                        "after call sample call_1",
                        "event RunEnded");
        assertThat(points)
                .filteredOn(point -> point.startsWith("before append"))
                .isNotEmpty();
        int tool = points.indexOf("before call sample call_1") + 1;
        CrashHarness.Run killed = harness.stopAt(tool, folder.resolve("killed").toString());
        assertThat(killed.stoppedAt()).isPresent();
        assertThat(killed.points()).hasSizeGreaterThanOrEqualTo(tool).doesNotContain("event RunEnded");
        try (ConversationStore store = new FileStore(folder.resolve("killed"))) {
            assertThat(store.list("", 10)).hasSize(1);
        }
    }
}
