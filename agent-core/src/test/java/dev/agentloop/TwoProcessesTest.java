package dev.agentloop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.agentloop.RunOptions.WhenBusy;
import dev.agentloop.spi.ConversationStore;
import dev.agentloop.spi.InboxMessage;
import dev.agentloop.stores.FileStore;
import java.io.BufferedReader;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Two processes with one folder of files: this one, and a child that runs what it is told. */
@Tag("once")
@Timeout(120)
class TwoProcessesTest {
    private static final String ID = "0199a000-0000-7000-8000-000000000001";
    private static final RunOptions QUEUE = RunOptions.DEFAULT.withWhenBusy(WhenBusy.QUEUE);
    private static final RunOptions STEER = RunOptions.DEFAULT.withWhenBusy(WhenBusy.STEER);

    @TempDir
    Path folder;

    private final Chatterbox model = new Chatterbox();
    private ConversationStore store;
    private AgentLoop agent;
    private Conversation here;
    private Process child;
    private BufferedReader said;

    /** A process that runs the conversation as each line of its input says, and says how each run ended. */
    static final class Child {
        public static void main(String[] arguments) throws IOException {
            FaultLog.open(); // Only what is said here belongs into the output.
            PrintStream out = new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8);
            BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
            Chatterbox model = new Chatterbox(() -> out.println("in tool"));
            try (ConversationStore store = new FileStore(Path.of(arguments[0]));
                    AgentLoop agent = model.agent(store)) {
                Conversation conversation = agent.resume(ID);
                for (String line = in.readLine(); line != null; line = in.readLine()) {
                    String[] words = line.split(" ", 2);
                    if (words[0].equals("go")) {
                        model.go.countDown();
                    } else {
                        new Thread(() -> out.println(run(conversation, WhenBusy.valueOf(words[0]), words[1]))).start();
                    }
                }
            }
            System.exit(0);
        }

        private static String run(Conversation conversation, WhenBusy whenBusy, String input) {
            RunOptions options = RunOptions.DEFAULT.withWhenBusy(whenBusy);
            try {
                Outcome outcome = input.equals("-") ? conversation.run(options) : conversation.run(input, options);
                return outcome.getClass().getSimpleName() + " "
                        + (outcome instanceof Outcome.Finished ? outcome.text() : outcome.describe());
            } catch (RuntimeException e) {
                return e.getClass().getSimpleName() + " " + e.getMessage();
            }
        }
    }

    @BeforeEach
    void begin() throws IOException {
        store = new FileStore(folder);
        agent = model.agent(store);
        here = agent.newConversation(ID);
        here.append(List.of(Item.user("begun")));
        child = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "-XX:+UseSerialGC",
                        "-Xshare:auto",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Child.class.getName(),
                        folder.toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        said = child.inputReader(StandardCharsets.UTF_8);
    }

    @AfterEach
    void end() throws InterruptedException {
        child.destroyForcibly().waitFor();
        model.go.countDown();
        agent.close();
        store.close();
    }

    private void tell(String line) throws IOException {
        child.outputWriter(StandardCharsets.UTF_8).append(line).append("\n").flush();
    }

    private String hear() throws IOException {
        return String.valueOf(said.readLine());
    }

    private void childIsInTool() throws IOException {
        tell("REJECT wait");
        assertThat(hear()).isEqualTo("in tool");
    }

    @Test
    void busyConversation_isRefusedWithItsOwner_andCanBeChangedWhenTheTurnIsOver() throws Exception {
        childIsInTool();
        String busy = "conversation " + ID + " is being run or appended to by ";
        assertThatThrownBy(() -> here.run("no"))
                .isInstanceOf(BusyException.class)
                .hasMessageStartingWith(busy)
                .hasMessageContaining("/" + child.pid() + "-");
        assertThatThrownBy(() -> here.append(List.of(Item.user("no"))))
                .isInstanceOf(BusyException.class)
                .hasMessageStartingWith(busy);
        assertThatThrownBy(() -> here.redact(3, "no")).isInstanceOf(BusyException.class);
        tell("go");
        assertThat(hear()).isEqualTo("Finished begun wait");
        assertThat(here.run("now").text()).as("the child lives, and is idle").isEqualTo("begun wait now");
        assertThat(child.isAlive()).isTrue();
    }

    @Test
    void queue_waitsForTheTurnOfTheOtherProcess() throws Exception {
        childIsInTool();
        CompletableFuture<Outcome> queued = CompletableFuture.supplyAsync(() -> here.run("queued", QUEUE));
        Awaitility.await().until(() -> waits("awaitOther"));
        tell("go");
        assertThat(hear()).isEqualTo("Finished begun wait");
        assertThat(queued.get().text()).isEqualTo("begun wait queued");
    }

    private static boolean waits(String method) {
        return Thread.getAllStackTraces().values().stream()
                .anyMatch(stack ->
                        Stream.of(stack).anyMatch(frame -> frame.getMethodName().equals(method)));
    }

    @Test
    void steer_reachesTheRunOfTheOtherProcess() throws Exception {
        childIsInTool();
        assertThat(here.run("handed", STEER)).isInstanceOf(Outcome.HandedOver.class);
        assertThat(agent.resume(ID).steer("steered")).isTrue();
        tell("go");
        assertThat(hear()).isEqualTo("Finished begun wait handed steered");
        assertThat(store.inbox(ID)).isEmpty();
        assertThat(here.steer("to nobody")).isFalse();
    }

    @Test
    void cancel_endsTheRunOfTheOtherProcess() throws Exception {
        childIsInTool();
        here.cancel();
        assertThat(hear()).startsWith("Cancelled ");
        assertThat(here.run("on").text()).isEqualTo("begun wait on");
        here.cancel();
        assertThat(store.inbox(ID)).as("nobody is at work").isEmpty();
    }

    @Test
    void decision_isMadeHere_andFoldedInThere() throws Exception {
        tell("REJECT ask");
        assertThat(hear()).startsWith("AwaitingApproval ");
        here.approve(agent.resume(ID).awaitingApproval().get(0));
        tell("REJECT -");
        assertThat(hear()).isEqualTo("Finished begun ask");
        tell("REJECT ask1");
        assertThat(hear()).startsWith("AwaitingApproval ");
        assertThat(here.awaitingApproval()).hasSize(1);
        here.deny(here.awaitingApproval().get(0), "not twice");
        assertThat(here.run(RunOptions.DEFAULT).text()).isEqualTo("begun ask ask1");
        List<String> outputs = here.prompt().items().stream()
                .filter(Item.Output.class::isInstance)
                .map(item -> ((Item.Output) item).text())
                .toList();
        assertThat(outputs).containsExactly("asked", "refused by the user: not twice");
    }

    @Test
    void processThatIsKilled_isTakenOverAtOnce_andOneThatIsStopped_isNot() throws Exception {
        childIsInTool();
        assertThat(new ProcessBuilder("kill", "-STOP", String.valueOf(child.pid()))
                        .start()
                        .waitFor())
                .isZero();
        assertThatThrownBy(() -> here.run("no")).isInstanceOf(BusyException.class);
        CompletableFuture<Outcome> queued = CompletableFuture.supplyAsync(() -> here.run("after it", QUEUE));
        Awaitility.await().until(() -> waits("awaitOther"));
        child.toHandle().destroyForcibly();
        child.waitFor();
        assertThat(queued.get().text()).isEqualTo("begun wait after it");
        assertThat(here.prompt().items())
                .filteredOn(Item.Output.class::isInstance)
                .singleElement()
                .satisfies(item ->
                        assertThat(((Item.Output) item).text()).startsWith("The result of this call is unknown"));
    }

    @Test
    void processes_takeTurnsFiftyTimes_andNothingIsLost() throws Exception {
        StringBuilder heard = new StringBuilder("begun");
        for (int i = 0; i < 50; i++) {
            heard.append(" there").append(i);
            tell("REJECT there" + i);
            assertThat(hear()).isEqualTo("Finished " + heard);
            heard.append(" here").append(i);
            assertThat(here.run("here" + i).text()).isEqualTo(heard.toString());
        }
    }

    @Test
    void processes_thatQueueAtTheSameTime_areBothHeard() throws Exception {
        int rounds = 20;
        for (int i = 0; i < rounds; i++) {
            tell("QUEUE there" + i);
            String text = "here" + i;
            assertThat(here.run(text, QUEUE).text()).endsWith(text);
        }
        for (int i = 0; i < rounds; i++) {
            assertThat(hear()).startsWith("Finished ");
        }
        List<String> all = List.of(Chatterbox.heard(here.prompt()).split(" "));
        assertThat(all).doesNotHaveDuplicates();
        assertThat(all)
                .containsAll(IntStream.range(0, rounds)
                        .boxed()
                        .flatMap(i -> Stream.of("here" + i, "there" + i))
                        .collect(Collectors.toList()));
    }

    @Test
    void messagesOfOneId_leftByTwoProcesses_areOne() throws Exception {
        List<String> texts = new ArrayList<>();
        try (ConversationStore another = new FileStore(folder)) {
            for (int i = 0; i < 50; i++) {
                InboxMessage message = InboxMessage.of("m" + i, "x", "{}".getBytes(StandardCharsets.UTF_8));
                CompletableFuture<Boolean> there = CompletableFuture.supplyAsync(() -> another.leave(ID, message));
                boolean first = store.leave(ID, message);
                assertThat(there.get()).isNotEqualTo(first);
                texts.add(message.id());
            }
        }
        assertThat(store.inbox(ID)).extracting(InboxMessage::id).containsExactlyInAnyOrderElementsOf(texts);
        assertThat(store.waiting(List.of(ID, "0199a000-0000-7000-8000-000000000002")))
                .containsExactly(ID);
    }
}
