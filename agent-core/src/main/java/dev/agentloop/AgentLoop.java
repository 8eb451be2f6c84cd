package dev.agentloop;

import dev.agentloop.internal.ConversationId;
import dev.agentloop.internal.Durations;
import dev.agentloop.internal.control.Runs;
import dev.agentloop.internal.control.Workers;
import dev.agentloop.internal.log.Entry;
import dev.agentloop.internal.log.Log;
import dev.agentloop.internal.log.LogCache;
import dev.agentloop.internal.run.Agent;
import dev.agentloop.internal.setup.Setup;
import dev.agentloop.internal.setup.WorkspaceContext;
import dev.agentloop.internal.tool.CallRules;
import dev.agentloop.internal.turn.Inbox;
import dev.agentloop.spi.ConversationStore;
import dev.agentloop.spi.LogPosition;
import dev.agentloop.spi.StoreException;
import dev.agentloop.stores.MemoryStore;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ThreadFactory;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * An agent: a model, tools and rules, built once, with which any number of conversations are run.
 *
 * <p>Thread-safe. A run works on its caller's thread; tools and the model's connection work on threads of this loop's own.
 */
public final class AgentLoop implements AutoCloseable {
    private final Agent agent;
    private final boolean ofAnother;

    private AgentLoop(Agent agent, boolean ofAnother) {
        this.agent = agent;
        this.ofAnother = ofAnother;
    }

    /**
     * This agent on another store, such as that of another tenant: all else is shared. Costs next to nothing; its threads end
     * with this loop, and closing it does nothing. On one store there is one owner of a conversation's turn, however often this
     * is called.
     */
    public AgentLoop on(ConversationStore store) {
        return new AgentLoop(Agent.on(store, agent.parts()), true);
    }

    /** A builder with nothing set; a model is all that it needs. */
    public static Builder builder() {
        return new Builder();
    }

    /** A new conversation. Nothing is stored before its first run or append. */
    public Conversation newConversation() {
        return new Conversation(agent, ConversationId.next(agent.parts().clock()), LogPosition.START);
    }

    /**
     * A new conversation with an id of the host's. Nothing is stored before its first run or append, which throws a
     * {@link StoreException} of kind {@code CONFLICT} if there is one of that id by then; see {@link #conversation}.
     *
     * @param conversation a UUID in its lower-case text form; of version 7 if lists are to be in order of age
     * @throws IllegalArgumentException if it is none
     */
    public Conversation newConversation(String conversation) {
        ConversationStore.checkId(conversation);
        return new Conversation(agent, conversation, LogPosition.START);
    }

    /**
     * The conversation of that id, begun durably if there is none: for a host that has an id and does not know whether anything
     * was said. Where two begin it at once, both get the same conversation, and their runs come one after the other like any two.
     *
     * @param conversation a UUID in its lower-case text form; of version 7 if lists are to be in order of age
     * @throws IllegalArgumentException if it is none
     */
    public Conversation conversation(String conversation) {
        ConversationStore.checkId(conversation);
        LogPosition head = agent.store().head(conversation).orElseGet(() -> begun(conversation));
        return new Conversation(agent, conversation, head);
    }

    private LogPosition begun(String conversation) {
        Log log = Log.begin(agent.store(), conversation);
        log.add(Entry.conversation(conversation, agent.parts().clock().instant().toString()));
        try {
            log.commit();
            return log.position();
        } catch (StoreException e) {
            // Somebody else has begun it meanwhile, and it is theirs as it is ours.
            Optional<LogPosition> theirs =
                    e.kind() == StoreException.Kind.CONFLICT ? agent.store().head(conversation) : Optional.empty();
            return theirs.orElseThrow(() -> e);
        }
    }

    /**
     * The conversation of that id, as the store has it; see {@link #conversation} for one that there need not be.
     *
     * @throws StoreException {@code NOT_FOUND} if the store has none
     * @throws IllegalArgumentException if the id is no UUID in its lower-case text form
     */
    public Conversation resume(String conversation) {
        ConversationStore.checkId(conversation);
        LogPosition head = agent.store().head(conversation).orElseThrow(() -> Log.notFound(conversation));
        return new Conversation(agent, conversation, head);
    }

    /**
     * A new conversation with the history of another one up to a version. It shares the prefix and keeps its cache key;
     * calls that had no output by then are not run in it.
     *
     * @param version of the last entry to take over, from 1
     * @throws StoreException {@code NOT_FOUND} if the store has no such version
     * @throws IllegalArgumentException if the id is no UUID in its lower-case text form, or the version is below 1
     */
    public Conversation fork(String conversation, long version) {
        ConversationStore.checkId(conversation);
        if (version < 1) {
            throw new IllegalArgumentException(
                    "a fork takes over the entries up to a version from 1 on, but this is " + version);
        }
        LogPosition at = agent.store().read(conversation, version - 1, 1).stream()
                .findFirst()
                .map(entry -> entry.position())
                .orElseThrow(() -> new StoreException(
                        StoreException.Kind.NOT_FOUND,
                        "conversation " + conversation + " has no version " + version + " to fork from"));
        String id = ConversationId.next(agent.parts().clock());
        agent.store().fork(conversation, at, id);
        try {
            Log log = Log.load(agent.store(), id);
            log.add(Entry.fork(conversation, version));
            log.commit();
            LogPosition begun = log.position();
            agent.parts().logs().keep(log);
            return new Conversation(agent, id, begun);
        } catch (RuntimeException | Error e) {
            deleteUnfinished(id, e);
            throw e;
        }
    }

    // Without its first own entry nobody could run it, and it would stay in the list.
    private void deleteUnfinished(String fork, Throwable failure) {
        try {
            agent.store().delete(fork);
        } catch (RuntimeException e) {
            failure.addSuppressed(e);
        }
    }

    /**
     * The AGENTS.md files that a run that begins now would tell the model of, outer ones first; empty without a workspace. Those
     * that are blank, or are left out because they belong to another user or no room is left, are not among them.
     */
    public List<Path> agentsFiles() {
        return agent.parts().context().agentsFiles();
    }

    /** Closes the agent at once: {@link #close(Duration)} without a time to drain, so within about two seconds. */
    @Override
    public void close() {
        close(Duration.ZERO);
    }

    /**
     * Closes the agent: no run begins any more, and one that is asked for is refused with an {@link IllegalStateException};
     * runs that are under way may go on for a while, and are then cancelled as by {@link Conversation#cancel}.
     *
     * <p>Returns when all runs have ended, at the latest two seconds after that while: code of yours that ignores its interrupt
     * (a tool, a model, an approver) is left running, and the log names it. What you gave (store, model, tools) stays open, and
     * is yours to close. An agent made by {@link #on} shares the runs of the one that it was made from, and closing it does
     * nothing.
     *
     * @param drain how long runs may go on by themselves, from zero, which ends them now, to 365 days
     * @throws IllegalArgumentException if it is none of these
     */
    public void close(Duration drain) {
        Duration most = Durations.checked("AgentLoop.close", drain, Duration.ZERO, Durations.YEAR);
        if (!ofAnother) {
            agent.parts().runs().close(most);
            agent.parts().workers().close();
        }
    }

    /** Collects what an agent is made of; not thread-safe. */
    public static final class Builder {
        private @Nullable Model model;
        private @Nullable String instructions;
        private @Nullable String developerInstructions;
        private @Nullable Path workspace;
        private Setup.@Nullable AnswerFormat answerFormat;
        private final List<Tool> tools = new ArrayList<>();
        private final List<Supplier<? extends Collection<? extends Tool>>> sources = new ArrayList<>();
        private Compactor compactor = Compactor.NEVER;
        private double compactAt = 0.9;
        private @Nullable Supplier<PrefixCache> prefixCache;
        private Limits limits = Limits.NONE;
        private RetryPolicy brokenResponses = RetryPolicy.DEFAULT;
        private ApprovalPolicy approval =
                ApprovalPolicy.of(ApprovalPolicy.Mode.ON_REQUEST, ApprovalPolicy.Rights.WORKSPACE_WRITE);
        private @Nullable Approver approver;
        private @Nullable Duration approvalsExpire;
        private @Nullable ConversationStore store;
        private long cacheBytes = 64L * 1024 * 1024;
        private @Nullable ThreadFactory threads;
        private ToolFailure toolFailure = ToolFailure.WITH_MESSAGE;
        private Clock clock = Clock.system(ZoneId.systemDefault());

        private Builder() {}

        /** The model; the only thing that must be set. */
        public Builder model(Model value) {
            this.model = value;
            return this;
        }

        /** The base instructions. Nothing volatile belongs here: a changed character costs the whole prefix. */
        public Builder instructions(String text) {
            this.instructions = text;
            return this;
        }

        /** What the application tells the model as a first developer message. */
        public Builder developerInstructions(String text) {
            this.developerInstructions = text;
            return this;
        }

        /**
         * The folder that the agent works in. The model is told of it, of its AGENTS.md files and of the rights, in messages
         * that precede the user's.
         */
        public Builder workspace(Path folder) {
            this.workspace = folder.toAbsolutePath().normalize();
            return this;
        }

        /** Adds tools. */
        @SafeVarargs
        public final Builder tools(Collection<? extends Tool>... groups) {
            for (Collection<? extends Tool> group : groups) {
                tools.addAll(group);
            }
            return this;
        }

        /** Adds tools. */
        public Builder tools(Tool... more) {
            tools.addAll(List.of(more));
            return this;
        }

        /**
         * Adds tools that come and go, such as those of servers. The source is asked at the begin of each run, on its thread,
         * and must be quick. The model is told of each tool once: what comes later is appended where the model has a way for
         * that and otherwise waits for the next epoch, and a call of a tool that is gone is answered with an error.
         */
        public Builder tools(Supplier<? extends Collection<? extends Tool>> source) {
            sources.add(source);
            return this;
        }

        /**
         * The form of the final answer, to which the server holds the model; fixed for a conversation.
         *
         * @param name 1 to 64 of {@code a-z A-Z 0-9 _ -}
         * @param jsonSchema a JSON Schema object by the rules of strict mode
         */
        public Builder answerFormat(String name, String jsonSchema) {
            this.answerFormat = new Setup.AnswerFormat(name, jsonSchema);
            return this;
        }

        /** What shortens prompts; {@link Compactor#NEVER} by default. */
        public Builder compactor(Compactor value) {
            this.compactor = value;
            return this;
        }

        /**
         * How full the model's window is when the prompt is shortened; 0.9 by default.
         *
         * @param part of the window, above 0 and at most 0.95
         */
        public Builder compactAt(double part) {
            if (!(part > 0 && part <= 0.95)) {
                throw new IllegalArgumentException(
                        "a prompt is compacted when it fills a part of the window above 0 and at"
                                + " most 0.95, but this is " + part);
            }
            this.compactAt = part;
            return this;
        }

        /**
         * What accounts for the provider's cache, one for each run; by default {@link PrefixCache#hashChain} at the prices of
         * {@link #limits}. A strict one refuses to send what would break the prefix:
         * {@code prefixCache(() -> PrefixCache.hashChain().strict())}.
         */
        public Builder prefixCache(Supplier<PrefixCache> forEachRun) {
            this.prefixCache = forEachRun;
            return this;
        }

        /** The limits of runs that bring none of their own; {@link Limits#NONE} by default. */
        public Builder limits(Limits value) {
            this.limits = value;
            return this;
        }

        /**
         * How a run goes on after a response that broke when a call of it was in the log already: the call keeps its output, and
         * the model is asked for the rest. {@link RetryPolicy#DEFAULT} by default; {@link RetryPolicy#NEVER} asks for no rest, and
         * the run ends with the {@link ModelException}.
         *
         * <p>Of the policy its {@code streamRetries} and its waits count. It says nothing of all other failures: these are the
         * model's own to try again, by {@code OpenAiModel.Builder.retries}, or by {@link RetryPolicy#around} for any model. Who
         * wants no second request at all says {@code NEVER} in both places.
         */
        public Builder brokenResponses(RetryPolicy value) {
            this.brokenResponses = Objects.requireNonNull(value, "brokenResponses");
            return this;
        }

        /** Which calls run, are asked about, or refused; by default {@code on-request} with {@code workspace-write}. */
        public Builder approval(ApprovalPolicy value) {
            this.approval = value;
            return this;
        }

        /** Who answers when approval is needed; without one, a run ends and waits for the decision. */
        public Builder approver(Approver value) {
            this.approver = value;
            return this;
        }

        /**
         * How long a question that ended a run waits for its decision; it counts as refused after that. For ever by default.
         *
         * @param value 1 ms to 365 days
         */
        public Builder approvalsExpireAfter(Duration value) {
            this.approvalsExpire =
                    Durations.checked("AgentLoop.approvalsExpireAfter", value, Durations.MILLISECOND, Durations.YEAR);
            return this;
        }

        /** Where conversations are kept; in memory, and gone with this loop, by default. */
        public Builder store(ConversationStore value) {
            this.store = value;
            return this;
        }

        /**
         * How much memory the agent may use to keep conversations that nobody works with, so that the next run of one reads
         * only what was added since; 64 MiB by default. Those used last are kept. What runs that are under way hold does not
         * count, and agents made by {@link AgentLoop#on} share the bound.
         *
         * @param bytes about how many; 0 to keep none, and have each run read what its prompt has since the last compaction
         * @throws IllegalArgumentException if it is negative
         */
        public Builder conversationCache(long bytes) {
            if (bytes < 0) {
                throw new IllegalArgumentException(
                        "the cache of conversations has 0 bytes, which is none, or more, but this is " + bytes);
            }
            this.cacheBytes = bytes;
            return this;
        }

        /** What the model is told of a tool that threw; {@link ToolFailure#WITH_MESSAGE} by default. */
        public Builder toolFailure(ToolFailure value) {
            this.toolFailure = Objects.requireNonNull(value, "toolFailure");
            return this;
        }

        /**
         * Who makes the threads on which models, tools, approvers, compactors and listeners work. By default they are virtual
         * where the runtime has them (JDK 21 and later), and daemons elsewhere. Make daemons, too: a tool that ignores its
         * interrupt would keep the program from ending. Idle threads are used again for a minute.
         */
        public Builder threads(ThreadFactory value) {
            this.threads = Objects.requireNonNull(value, "threads");
            return this;
        }

        /** The clock by which the model is told the date. */
        public Builder clock(Clock value) {
            this.clock = value;
            return this;
        }

        /**
         * The agent.
         *
         * @throws IllegalStateException if there is no model
         * @throws IllegalArgumentException if two tools have one name
         */
        public AgentLoop build() {
            Model base = model;
            if (base == null) {
                throw new IllegalStateException("an agent needs a model: call model(...) before build()");
            }
            ConversationStore kept = store == null ? new MemoryStore() : store;
            Workers workers = new Workers(threads);
            Agent.Parts parts = new Agent.Parts(
                    base,
                    instructions,
                    answerFormat,
                    toolboxes(),
                    new WorkspaceContext(workspace, developerInstructions, approval, clock),
                    compactor,
                    compactAt,
                    prefixCache == null ? accounts() : prefixCache,
                    limits,
                    brokenResponses,
                    new CallRules.Approvals(approval, approver, approvalsExpire, clock),
                    toolFailure,
                    clock,
                    workers,
                    new Runs(workers),
                    // Only this process changes entries in place without an append that tells of it, and drops those
                    // logs.
                    new LogCache(cacheBytes, Inbox::toldOfRedaction));
            return new AgentLoop(Agent.on(kept, parts), false);
        }

        private Supplier<Toolbox> toolboxes() {
            Toolbox fixed = Toolbox.of(tools);
            if (sources.isEmpty()) {
                return () -> fixed;
            }
            List<Tool> always = List.copyOf(tools);
            List<Supplier<? extends Collection<? extends Tool>>> changing = List.copyOf(sources);
            return () -> {
                List<Tool> now = new ArrayList<>(always);
                changing.forEach(source -> now.addAll(
                        Objects.requireNonNull(source.get(), "a source of tools gives tools, or none, but not null")));
                return Toolbox.of(now);
            };
        }

        private Supplier<PrefixCache> accounts() {
            PrefixCache.Rules rules = PrefixCache.Rules.DEFAULT.withPrices(limits.prices());
            return () -> PrefixCache.hashChain(rules);
        }
    }
}
