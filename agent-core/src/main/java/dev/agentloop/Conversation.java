package dev.agentloop;

import dev.agentloop.spi.LogPosition;
import dev.agentloop.spi.StoreException;
import java.lang.ref.SoftReference;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The handle on one conversation: an append-only log, and the prompt that is its fold.
 *
 * <p>Thread-safe. One thing at a time changes a conversation: a second {@link #run} or {@link #append} while one is under
 * way is refused with {@link BusyException}. Between runs it holds an id and a position and no items.
 */
public final class Conversation {
    private final LoopConfig config;
    private final String id;
    private final AtomicReference<@Nullable Object> owner = new AtomicReference<>();
    private volatile LogPosition position;
    private volatile @Nullable Loop running;
    // Between the appends of a host's own loop the log need not be read again; memory pressure may take it.
    private SoftReference<@Nullable ConversationLog> recent = new SoftReference<>(null);

    Conversation(LoopConfig config, String id, LogPosition position) {
        this.config = config;
        this.id = id;
        this.position = position;
    }

    /** Something else is changing the conversation right now. */
    public static final class BusyException extends IllegalStateException {
        private static final long serialVersionUID = 1L;

        BusyException(String id) {
            super("conversation " + id
                    + " is being run or appended to on another thread; wait for it, cancel() it, or hand"
                    + " it more input with steer()");
        }
    }

    /** The conversation's id, a UUID; with it any process that has the store can go on. */
    public String id() {
        return id;
    }

    /** The version of the log as this handle knows it; 0 before the first entry. */
    public long version() {
        return position.version();
    }

    /**
     * The prompt as it would be sent next.
     *
     * @throws IllegalStateException if nothing was said yet
     */
    public Prompt prompt() {
        if (running != null) {
            return fold(ConversationLog.load(config.store(), id));
        }
        return owned(() -> fold(log()));
    }

    private Prompt fold(ConversationLog log) {
        if (!log.fold().hasPrompt()) {
            throw new IllegalStateException("conversation " + id + " is empty: append or run something first");
        }
        return log.fold().prompt();
    }

    /**
     * Appends items, durably; for loops of the host's own.
     *
     * <p>Outputs must answer calls that have none yet; while such calls are open, nothing else can be appended.
     *
     * @throws IllegalStateException if that is not so; nothing is appended then
     * @throws IllegalArgumentException if the items have cache breakpoints that the API would refuse or not write; nothing
     *     is appended then
     */
    public void append(List<? extends Item> items) {
        changing(new HostAppend(items)::addTo);
    }

    /** Appends what a model answered: its items, and that its response is over. */
    public void append(ModelResponse response) {
        changing(new HostAppend(response)::addTo);
    }

    /**
     * A compaction of this conversation.
     *
     * @param version of the entry that replaced the prompt; the prompt before is {@code promptAt(version - 1)}
     * @param by the name of the compactor
     * @param tokensBefore how many tokens the context had
     * @param tokensAfter about how many it had after
     * @param usage what the compactor used
     */
    public record Compaction(
            long version, String by, Compactor.Reason reason, long tokensBefore, long tokensAfter, Usage usage) {}

    /** The compactions of this conversation, the oldest first. */
    public List<Compaction> compactions() {
        return owned(() -> log().fold().compactions().all());
    }

    /**
     * Shortens the prompt now, by the loop's compactors.
     *
     * @return the compaction, or empty where there is nothing to gain
     * @throws IllegalStateException if calls have no output yet, or all compactors failed; nothing was changed then
     */
    public Optional<Compaction> compact(RunOptions options) throws InterruptedException {
        List<String> failures = new ArrayList<>();
        boolean[] shorter = {false};
        boolean[] interrupted = {false};
        owned(() -> {
            RunScope scope = RunScope.of(config, log(), options);
            refuseWhileOpen(scope.fold());
            try {
                shorter[0] = scope.fold().hasPrompt()
                        && new dev.agentloop.Compaction(scope)
                                .attempt(Compactor.Reason.REQUESTED, ContextMeter.of(scope), failures);
            } catch (InterruptedException e) {
                interrupted[0] = true;
            }
            return true;
        });
        if (interrupted[0]) {
            throw new InterruptedException("the compaction was interrupted; nothing was changed");
        }
        if (!shorter[0] && !failures.isEmpty()) {
            throw new IllegalStateException(
                    "the prompt was not shortened, and nothing was changed: " + String.join("; ", failures));
        }
        List<Compaction> all = compactions();
        return shorter[0] ? Optional.of(all.get(all.size() - 1)) : Optional.empty();
    }

    private void refuseWhileOpen(Fold fold) {
        if (!fold.open().isEmpty()) {
            throw new IllegalStateException(
                    "the calls " + fold.open().keySet() + " have no output yet; run the conversation to its end first");
        }
    }

    /**
     * Takes the newest compaction back that still holds: the prompt is what it would be without, durably. Done again, it
     * takes back the one before.
     *
     * @throws IllegalStateException if there is none, the prompt was begun anew since, or calls have no output yet
     */
    public void undoCompaction() {
        changing(scope -> {
            refuseWhileOpen(scope.fold());
            List<Compaction> all = scope.fold().compactions().all();
            for (int i = all.size() - 1; i >= 0; i--) {
                UndoneCompaction undone = new UndoneCompaction(scope, all.get(i));
                if (undone.stands()) {
                    scope.journal()
                            .add(Draft.epoch(
                                    Draft.COMPACTION_UNDONE,
                                    scope.fold().prompt().head(),
                                    undone.items()));
                    return;
                }
            }
            throw new IllegalStateException(
                    all.isEmpty()
                            ? "conversation " + id + " was never compacted"
                            : "no compaction of conversation " + id
                                    + " holds any more: they were taken back, or the prompt was begun anew since");
        });
    }

    /**
     * The prompt as it was behind the entry of that version.
     *
     * @throws IllegalArgumentException if the log has no such version, or no prompt yet
     */
    public Prompt promptAt(long version) {
        Fold fold = ConversationLog.foldOf(config.store(), id, version);
        if (!fold.hasPrompt()) {
            throw new IllegalArgumentException("conversation " + id + " has no prompt at version " + version);
        }
        return fold.prompt();
    }

    /**
     * Appends an item that stays in the prompt word for word when it is compacted, such as a fact that must not be lost.
     *
     * @param name by which it is replaced or unpinned; 1 to 64 of {@code a-z A-Z 0-9 _ -}
     */
    public void pin(String name, Item item) {
        if (!name.matches("[a-zA-Z0-9_-]{1,64}")) {
            throw new IllegalArgumentException(
                    "the name of a pin is 1 to 64 of a-z A-Z 0-9 _ -, but this is \"" + name + "\"");
        }
        changing(scope -> {
            refuseWhileOpen(scope.fold());
            new TurnStart(scope).prepare();
            scope.journal().add(Draft.item(Draft.ITEM_PIN + name, item));
        });
    }

    /** Lets the next compaction drop what was pinned under that name. */
    public void unpin(String name) {
        changing(scope -> scope.journal().add(Draft.unpin(name)));
    }

    /**
     * What a tool may know and say when a loop of the host's own runs a call of this conversation: no attributes, nobody who
     * hears of progress, and cancelled once the calling thread is interrupted.
     */
    public ToolContext toolContext(String callId) {
        return new HostToolContext(this, callId, Thread.currentThread());
    }

    /** The whole text of an output of this conversation that was cut; empty if none was cut under that call id. */
    Optional<String> fullOutput(String callId) {
        return running == null ? owned(() -> log().fullOutput(callId)) : Optional.empty();
    }

    /**
     * Declares the tools as they are now, at the price of the whole prefix: begins an epoch, durably. Without it the model
     * goes on with the tools that the conversation was begun with.
     *
     * @throws IllegalStateException if calls have no output yet
     */
    public void repinTools() {
        changing(scope -> new TurnStart(scope).repinTools());
    }

    private void changing(Consumer<RunScope> change) {
        owned(() -> {
            RunScope scope = RunScope.of(config, log(), RunOptions.DEFAULT);
            change.accept(scope);
            scope.journal().commit();
            return true;
        });
    }

    /** Runs the loop on a user's message until the model has answered, on this thread. */
    public Outcome run(String input) {
        return run(List.of(Item.user(input)), RunOptions.DEFAULT);
    }

    /** Runs the loop on a user's message with options of its own. */
    public Outcome run(String input, RunOptions options) {
        return run(List.of(Item.user(input)), options);
    }

    /** Goes on without new input: after a decision, a crash, a limit. Where the model has answered already, gives that answer. */
    public Outcome run(RunOptions options) {
        return run(List.of(), options);
    }

    /**
     * Runs the loop on these items, none to just go on.
     *
     * <p>Blocks until the run has ended. An interrupt of this thread cancels the run.
     *
     * @return how it ended
     * @throws BusyException if the conversation is being changed already
     * @throws IllegalArgumentException if the options allow a tool that there is not, or the input has cache breakpoints
     *     that the API would refuse or not write; nothing is appended then
     * @throws IllegalStateException if there is new input while a call awaits approval and there is no approver
     * @throws ModelException if the model gave no usable response after all tries; the conversation can be resumed
     * @throws StoreException if the log cannot be written; what was not durable was not acted on
     */
    public Outcome run(List<? extends Item> input, RunOptions options) {
        return owned(() -> {
            ConversationLog log = ConversationLog.loadOrBegin(config.store(), id, position);
            recent.clear();
            refuseWhileUndecided(log, input);
            RunScope scope = RunScope.of(config, log, options);
            AllowedTools.check(scope);
            BreakpointLimit.check(scope, input);
            Loop loop = new Loop(scope);
            running = loop;
            try {
                return loop.run(List.copyOf(input));
            } finally {
                running = null;
                position = log.position();
            }
        });
    }

    private void refuseWhileUndecided(ConversationLog log, List<? extends Item> input) {
        String undecided = log.fold().open().values().stream()
                .filter(OpenCall::undecided)
                .map(call -> call.item().callId())
                .collect(Collectors.joining(", "));
        if (config.approver() == null && !input.isEmpty() && !undecided.isEmpty()) {
            throw new IllegalStateException("conversation " + id + " awaits approval of " + undecided
                    + "; approve or deny that first, then go on with new input");
        }
    }

    /** Ends the run that is under way, if there is one, within about two seconds. The history stays valid. */
    public void cancel() {
        Loop loop = running;
        if (loop != null) {
            loop.cancel();
        }
    }

    /**
     * Hands the run that is under way another message of the user's; the model sees it with its next inference, when all
     * calls have their outputs.
     *
     * @return false if there is no run, or it is about to end, and the message was not taken
     */
    public boolean steer(String input) {
        Loop loop = running;
        return loop != null && loop.steer(Item.user(input));
    }

    /**
     * Approves a call that awaits approval; run the conversation again to go on.
     *
     * @throws IllegalStateException if no such call awaits approval
     */
    public void approve(String callId) {
        decide(callId, Approver.Answer.approve());
    }

    /** Refuses a call that awaits approval; the model is told the reason when the conversation is run again. */
    public void deny(String callId, String reason) {
        decide(callId, Approver.Answer.deny(reason));
    }

    private void decide(String callId, Approver.Answer answer) {
        changing(scope -> {
            OpenCall call = scope.fold().open().get(callId);
            if (call == null || !call.undecided()) {
                throw new IllegalStateException(
                        "no call " + callId + " of conversation " + id + " awaits approval; these do: "
                                + scope.fold().open().values().stream()
                                        .filter(OpenCall::undecided)
                                        .map(open -> open.item().callId())
                                        .collect(Collectors.joining(", ", "[", "]")));
            }
            scope.journal().add(Draft.approvalDecided(callId, OpenCall.hash(call.call()), answer));
        });
    }

    private ConversationLog log() {
        ConversationLog log = recent.get();
        if (log == null || !log.position().equals(position)) {
            log = ConversationLog.loadOrBegin(config.store(), id, position);
            recent = new SoftReference<>(log);
        }
        return log;
    }

    private <T> T owned(Supplier<T> work) {
        if (!owner.compareAndSet(null, Thread.currentThread())) {
            throw new BusyException(id);
        }
        try {
            T result = work.get();
            ConversationLog log = recent.get();
            position = log == null ? position : log.position();
            return result;
        } catch (StoreException e) {
            recent.clear();
            throw e;
        } finally {
            owner.set(null);
        }
    }

    @Override
    public String toString() {
        return "conversation " + id + " at version " + version();
    }
}
