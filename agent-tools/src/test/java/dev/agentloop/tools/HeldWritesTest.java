package dev.agentloop.tools;

import static org.assertj.core.api.Assertions.assertThat;

import dev.agentloop.AgentEvent;
import dev.agentloop.AgentLoop;
import dev.agentloop.Approver;
import dev.agentloop.Conversation;
import dev.agentloop.Item;
import dev.agentloop.Model;
import dev.agentloop.ModelResponse;
import dev.agentloop.Outcome;
import dev.agentloop.Prompt;
import dev.agentloop.PromptSettings;
import dev.agentloop.RunOptions;
import dev.agentloop.Tool;
import dev.agentloop.Usage;
import dev.agentloop.spi.ConversationStore;
import dev.agentloop.stores.FileStore;
import dev.agentloop.stores.MemoryStore;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** A script that a person is asked about is not changed while they read it, with the real tools. */
@Timeout(60)
@DisabledOnOs(OS.WINDOWS)
class HeldWritesTest {
    private static final String READ = "#!/bin/sh\necho as read > ran\n";
    private static final String CHANGED = "#!/bin/sh\necho as changed > ran\n";

    @TempDir
    private Path base;

    private Path workspace;

    @BeforeEach
    void fill() throws IOException {
        workspace = Files.createDirectories(base.resolve("ws"));
        Files.writeString(workspace.resolve("x.sh"), READ);
        assertThat(workspace.resolve("x.sh").toFile().setExecutable(true)).isTrue();
    }

    /** Calls all three tools in one response, then says that it is done. */
    private static final class ThreeCalls implements Model {
        private boolean called;

        @Override
        public PromptSettings settings() {
            return PromptSettings.of("model").build();
        }

        @Override
        public ModelResponse respond(Prompt prompt, Listener listener) {
            List<Item> items = called
                    ? List.of(said("done"))
                    : List.of(
                            Item.functionCall("1", "shell_command", "{\"command\":\"./x.sh\"}"),
                            Item.functionCall(
                                    "2",
                                    "write_file",
                                    "{\"file_path\":\"x.sh\",\"content\":\"#!/bin/sh\\necho as changed > ran\\n\"}"),
                            Item.functionCall("3", "read_file", "{\"file_path\":\"x.sh\"}"));
            called = true;
            return ModelResponse.of(items, Usage.NONE);
        }

        private static Item said(String text) {
            return Item.received(("{\"type\":\"message\",\"role\":\"assistant\",\"content\":[{\"type\":\"output_text\","
                                    + "\"text\":\"" + text + "\"}]}")
                            .getBytes(StandardCharsets.UTF_8))
                    .orElseThrow();
        }
    }

    private AgentLoop.Builder agent(ConversationStore store) {
        List<Tool> tools = new ArrayList<>(
                ShellTools.builder(workspace).state(base.resolve("state")).tools());
        tools.addAll(FileTools.builder(workspace).state(base.resolve("state")).tools());
        return AgentLoop.builder().model(new ThreeCalls()).tools(tools).store(store);
    }

    private String file(String name) throws IOException {
        return Files.readString(workspace.resolve(name));
    }

    @Test
    void inProcess_theScriptRunsAsItWasRead() throws IOException {
        CountDownLatch readDone = new CountDownLatch(1);
        List<String> whileAsked = new ArrayList<>();
        Approver approver = question -> {
            readDone.await();
            try {
                whileAsked.add(file("x.sh"));
            } catch (IOException e) {
                throw new AssertionError(e);
            }
            return Approver.Answer.approve();
        };
        try (ConversationStore store = new MemoryStore();
                AgentLoop agent = agent(store).approver(approver).build()) {
            Outcome outcome = agent.newConversation().run("go", RunOptions.listeningWith(event -> {
                if (event instanceof AgentEvent.ToolEnded ended
                        && ended.call().callId().equals("3")) {
                    readDone.countDown();
                }
            }));
            assertThat(outcome.text()).isEqualTo("done");
        }
        assertThat(whileAsked).containsExactly(READ);
        assertThat(file("ran")).isEqualTo("as read\n");
        assertThat(file("x.sh")).isEqualTo(CHANGED);
    }

    @Test
    void leftInTheLog_theScriptStaysUntilTheDecision_inAnotherProcess() throws IOException {
        String id;
        try (ConversationStore store = new FileStore(base.resolve("kept"));
                AgentLoop agent = agent(store).build()) {
            Outcome outcome = agent.newConversation().run("go");
            id = outcome.conversation();
            assertThat(((Outcome.AwaitingApproval) outcome).pending())
                    .extracting(Outcome.Pending::callId)
                    .containsExactly("1");
            assertThat(agent.resume(id).run(RunOptions.DEFAULT)).isInstanceOf(Outcome.AwaitingApproval.class);
        }
        assertThat(file("x.sh")).isEqualTo(READ);
        try (ConversationStore store = new FileStore(base.resolve("kept"));
                AgentLoop agent = agent(store).build()) {
            Conversation conversation = agent.resume(id);
            conversation.approve("1");
            assertThat(file("x.sh")).isEqualTo(READ);
            conversation.run(RunOptions.DEFAULT);
        }
        assertThat(file("ran")).isEqualTo("as read\n");
        assertThat(file("x.sh")).isEqualTo(CHANGED);
    }
}
