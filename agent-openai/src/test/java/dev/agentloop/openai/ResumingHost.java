package dev.agentloop.openai;

import dev.agentloop.AgentEvent;
import dev.agentloop.AgentLoop;
import dev.agentloop.ApprovalPolicy;
import dev.agentloop.Compactor;
import dev.agentloop.Conversation;
import dev.agentloop.Item;
import dev.agentloop.Limits;
import dev.agentloop.Model;
import dev.agentloop.Outcome;
import dev.agentloop.Prompt;
import dev.agentloop.RetryPolicy;
import dev.agentloop.RunOptions;
import dev.agentloop.Tool;
import dev.agentloop.spi.ConversationStore;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;

/** A host with one conversation, for each resume of which it makes a new agent. Not thread-safe. */
final class ResumingHost implements AutoCloseable {
    /** How often a request and a stream are tried again at most. */
    static final int RETRIES = 3;

    static final RetryPolicy QUICK = new RetryPolicy(RETRIES, RETRIES, Duration.ofMillis(1), Duration.ofMillis(2));

    /** Far longer than a run takes on a busy machine. */
    private static final long LONGEST_SECONDS = 60;

    private final Model model;
    private final Compactor compactor;
    private final List<Tool> tools;
    private final Supplier<ConversationStore> stores;
    private final List<AgentEvent> events = new ArrayList<>();
    private ConversationStore store;
    private AgentLoop agent;
    private Conversation conversation;

    ResumingHost(Model model, Compactor compactor, List<Tool> tools, Supplier<ConversationStore> stores) {
        this.model = model;
        this.compactor = compactor;
        this.tools = List.copyOf(tools);
        this.stores = stores;
        this.store = stores.get();
        this.agent = agent();
        this.conversation = agent.newConversation();
    }

    private AgentLoop agent() {
        return AgentLoop.builder()
                .model(model)
                .tools(tools)
                .compactor(compactor)
                .approval(ApprovalPolicy.ALLOW_ALL)
                .brokenResponses(QUICK)
                .store(store)
                .build();
    }

    /** Runs on these items, and fails where that does not come to an end by itself. */
    Outcome run(Limits limits, Item... input) throws Exception {
        RunOptions options = RunOptions.listeningWith(events::add).withLimits(limits);
        FutureTask<Outcome> run = new FutureTask<>(() -> conversation.run(List.of(input), options));
        Thread thread = new Thread(run, "host of " + conversation.id());
        thread.setDaemon(true);
        thread.start();
        try {
            return run.get(LONGEST_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            throw e.getCause() instanceof Exception cause ? cause : e;
        } catch (TimeoutException e) {
            AssertionError hangs = new AssertionError("the run has not ended within " + LONGEST_SECONDS + " seconds");
            hangs.setStackTrace(thread.getStackTrace());
            thread.interrupt();
            throw hangs;
        }
    }

    /** Goes on with a new agent, on the same store. */
    void resume() {
        agent.close();
        agent = agent();
        conversation = agent.resume(conversation.id());
    }

    /** Closes the store as well, and goes on with a new one on the same folder. */
    void reopen() {
        agent.close();
        store.close();
        store = stores.get();
        resume();
    }

    Optional<Compactor.Completed> compact() throws InterruptedException {
        return conversation.compact(RunOptions.DEFAULT);
    }

    String id() {
        return conversation.id();
    }

    ConversationStore store() {
        return store;
    }

    Prompt prompt() {
        return conversation.prompt();
    }

    /** The prompt as an agent has it that reads the log for the first time. */
    Prompt promptOfAnother() {
        try (AgentLoop other = agent()) {
            return other.resume(conversation.id()).prompt();
        }
    }

    /** The bytes of a prompt as they are sent. */
    static byte[] bytes(Prompt prompt) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (ByteBuffer part : prompt.wire()) {
            byte[] copy = new byte[part.remaining()];
            part.duplicate().get(copy);
            bytes.writeBytes(copy);
        }
        bytes.writeBytes(Replies.bytes(prompt.ending()));
        return bytes.toByteArray();
    }

    <T extends AgentEvent> List<T> events(Class<T> kind) {
        return events.stream().filter(kind::isInstance).map(kind::cast).toList();
    }

    @Override
    public void close() {
        agent.close();
        store.close();
    }
}
