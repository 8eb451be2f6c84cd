package dev.agentloop;

import dev.agentloop.internal.call.Call;
import dev.agentloop.internal.control.RunControl;
import dev.agentloop.internal.control.RunEnd;
import dev.agentloop.internal.log.Entry;
import dev.agentloop.internal.log.Fold;
import dev.agentloop.internal.log.Log;
import dev.agentloop.internal.run.Agent;
import dev.agentloop.internal.run.Attempt;
import dev.agentloop.internal.run.Changes;
import dev.agentloop.internal.run.LogHandle;
import dev.agentloop.internal.turn.HostAppend;
import dev.agentloop.internal.turn.Inbox;
import dev.agentloop.spi.LogPosition;
import dev.agentloop.spi.StoreException;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * The handle on one conversation: an append-only log, and the prompt that is its fold.
 *
 * <p>Thread-safe. One thing at a time changes a conversation, whatever number of handles, agents and processes have it: a second
 * {@link #run} or {@link #append} while one is under way is refused with {@link BusyException}. Between runs it holds an id and a position and no items.
 */
public final class Conversation {
    private final Agent agent;
    private final String id;
    private final LogHandle handle;
    private final Changes changes;

    Conversation(Agent agent, String id, LogPosition position) {
        this.agent = agent;
        this.id = id;
        this.handle = new LogHandle(agent, id, position);
        this.changes = new Changes(agent, id, handle);
    }

    /** The conversation's id, a UUID; with it any process that has the store can go on. */
    public String id() {
        return id;
    }

    /** The version of the log as this handle knows it; 0 before the first entry. */
    public long version() {
        return handle.version();
    }

    /**
     * The prompt as it would be sent next.
     *
     * @throws IllegalStateException if nothing was said yet
     */
    public Prompt prompt() {
        return handle.reading(this::fold);
    }

    private Prompt fold(Log log) {
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
        changes.append(new HostAppend(items));
    }

    /**
     * Appends what a model answered: its items, and that its response is over.
     *
     * @return the calls that await an output, in order, under the ids that they have in the log: an id that the server gave
     *     twice, or that the wire cannot carry, was replaced. Run them with {@link #call}, or answer them yourself
     */
    public List<ToolCall> append(ModelResponse response) {
        return changes.append(new HostAppend(response));
    }

    /**
     * Runs a call for a loop of your own, on this thread, as the library's loop would: asks the policy, and the approver where
     * the policy says so; notes the start in the log; runs the tool, whose failure is an output. A call that was started before
     * a crash is settled by {@link Tool#afterCrash}: run again, or reported as unknown.
     *
     * <p>It has no time limit. An interrupt of this thread reaches the tool, and is kept. Where the policy asks and there is no approver, the call is
     * refused.
     *
     * @return what the model is to read, at most as long as the tool's outputs may be; append it with {@link ToolOutput#item}
     * @throws IllegalStateException if no such call awaits an output
     */
    public ToolOutput call(ToolCall call) {
        return changes.call(call);
    }

    /** The compactions of this conversation, the oldest first. */
    public List<Compactor.Completed> compactions() {
        return handle.reading(Log::compactions);
    }

    /**
     * Shortens the prompt now, by the loop's compactors. Where the agent has another model or other settings than the last
     * request had, that begins an epoch first, as with a run.
     *
     * @return the compaction, or empty where there is nothing to gain
     * @throws InterruptedException if this thread was interrupted, or {@link #cancel} called; nothing was shortened then
     * @throws IllegalStateException if calls have no output yet, or no answer that only you can give, or all compactors failed;
     *     nothing was shortened then
     */
    public Optional<Compactor.Completed> compact(RunOptions options) throws InterruptedException {
        return new Attempt(agent, id, handle, options).compact();
    }

    /**
     * Takes the newest compaction back that still holds: the prompt is what it would be without, durably. Done again, it
     * takes back the one before.
     *
     * @throws IllegalStateException if there is none, the prompt was begun again since, or calls have no output yet
     */
    public void undoCompaction() {
        changes.undoCompaction();
    }

    /**
     * The prompt as it was after the entry of that version.
     *
     * @throws IllegalArgumentException if the log has no such version, or no prompt yet
     */
    public Prompt promptAt(long version) {
        Fold fold = Log.foldOf(agent.store(), id, version);
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
        changes.pin(name, item);
    }

    /**
     * Erases what an item says, for good: in the prompt, where a mark stands in its place, in the log with all its copies, and in
     * every conversation that has the item by a fork. The log keeps its versions, can still be verified, and goes on as before.
     * What others made of the item, such as an answer or a summary, is redacted for itself.
     *
     * <p>A fork at work is told before its next request, and any other when it runs next; what they show has the mark at once.
     * A crash in between is made good by the next turn.
     *
     * @param version of the entry with the item; of a compaction's window for what that has made, such as a summary; of a
     *     question, a decision, an ending or a whole output for what that says
     * @param reason kept in the log
     * @throws IllegalArgumentException if there is nothing to erase at that version
     * @throws IllegalStateException if calls have no output yet
     * @throws StoreException if a store fails, also that of a fork whose file is damaged; what is left is erased by the next turn
     */
    public void redact(long version, String reason) {
        changes.redact(version, reason);
    }

    /** Ends the log for good: it can be read and deleted, and nothing follows any more. */
    public void seal(String reason) {
        changes.add(Entry.sealed(reason));
    }

    /** Lets the next compaction drop what was pinned under that name. */
    public void unpin(String name) {
        changes.add(Entry.unpin(name));
    }

    /**
     * What a tool may know and say when a loop of the host's own runs a call of this conversation by itself and not with
     * {@link #call}: no attributes, nobody who hears of progress, and cancelled once the calling thread is interrupted.
     *
     * @throws IllegalStateException if no such call awaits an output
     */
    public ToolContext toolContext(String callId) {
        return changes.context(callId);
    }

    /**
     * Declares the tools as they are now, at the price of the whole prefix: begins an epoch, durably. Without it the model
     * goes on with the tools that the conversation was begun with.
     *
     * @throws IllegalStateException if calls have no output yet
     */
    public void repinTools() {
        changes.repinTools();
    }

    /** Runs the loop on a user's message until the model has answered, on this thread; see {@link #run(List, RunOptions)}. */
    public Outcome run(String input) {
        return run(input, RunOptions.DEFAULT);
    }

    /**
     * Runs the loop on a user's message with options of its own; see {@link #run(List, RunOptions)}.
     *
     * @throws IllegalArgumentException if the message is blank, so that nothing is paid for it
     */
    public Outcome run(String input, RunOptions options) {
        String go = "; to continue without new input, call run(RunOptions)";
        if (Objects.requireNonNull(input, "the input is null" + go).isBlank()) {
            throw new IllegalArgumentException("the input is empty" + go);
        }
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
     * @throws BusyException if the conversation is being run already, here or in another process, and the options say
     *     {@link RunOptions.WhenBusy#REJECT}
     * @throws IllegalArgumentException if the options allow a tool that there is not, or the input has cache breakpoints
     *     that the API would refuse or not write; nothing is appended then
     * @throws IllegalStateException if there is new input while a call awaits approval and there is no approver
     * @throws ModelException if the model gave no usable response after all tries; the conversation can be resumed
     * @throws StoreException if the log cannot be written; what was not durable was not acted on. {@code CONFLICT} where
     *     another process has taken the conversation over
     */
    public Outcome run(List<? extends Item> input, RunOptions options) {
        return new Attempt(agent, id, handle, options).run(List.copyOf(input));
    }

    /**
     * Ends the run that is under way, by whichever handle and agent, and those that wait for it: within about two seconds in this
     * process. One in another process ends within about four; those that wait for it there are not ended. The history stays
     * valid.
     *
     * <p>A run that has not begun yet, because it waits or its log is being read, ends without having changed anything; its
     * input is not kept.
     */
    public void cancel() {
        List<RunControl> runs = agent.turns().runs(id);
        // Those that wait first: they must not begin because the one before them ends.
        for (int i = runs.size() - 1; i >= 0; i--) {
            runs.get(i).end(RunEnd.cancelled());
        }
        if (runs.isEmpty() && atWorkElsewhere()) {
            Inbox.cancel(agent.store(), agent.parts().clock(), id);
        }
    }

    /**
     * Hands the run that is under way, or about to begin, here or in another process, another message of the user's; the model
     * sees it with its next inference, when all calls have their outputs. It is durable in the store's inbox when this returns,
     * unless nothing of the conversation is stored yet: what a run that ends, or whose process dies, has not said is said by the
     * next.
     *
     * @return false if there is no run, or it is about to end, and the message was not taken
     * @throws StoreException if the message cannot be left
     */
    public boolean steer(String input) {
        List<Item> items = List.of(Item.user(input));
        List<RunControl> runs = agent.turns().runs(id);
        if (runs.isEmpty() && atWorkElsewhere()) {
            Inbox.input(agent.store(), agent.parts().clock(), id, items);
            return true;
        }
        return runs.stream().anyMatch(run -> run.steering().isOpen())
                && Inbox.steer(agent.store(), agent.parts().clock(), runs, items);
    }

    private boolean atWorkElsewhere() {
        return handle.ifStored(agent.ownership()::otherMayBeAtWork).orElse(false);
    }

    /** The calls that await a decision by the log; those included about which one was made that no run has taken up yet. */
    public List<Outcome.Pending> awaitingApproval() {
        return handle.ifStored(log -> log.fold().open().values().stream()
                        .filter(Call::undecided)
                        .map(Call::pending)
                        .toList())
                .orElse(List.of());
    }

    /**
     * Approves a call that awaits approval; run the conversation again to go on. The decision is durable, and may be made in
     * any process that has the store; the first one holds.
     *
     * @throws IllegalStateException if no such call awaits approval, or it was decided already
     */
    public void approve(String callId) {
        decide(callId, 0, Approver.Answer.approve());
    }

    /**
     * Refuses a call that awaits approval, for good; the model is told the reason when the conversation is run again.
     *
     * @throws IllegalStateException if no such call awaits approval, or it was decided already
     */
    public void deny(String callId, String reason) {
        decide(callId, 0, Approver.Answer.deny(reason));
    }

    /**
     * Approves exactly the call that was asked about; one of the same id that is asked about later is another one.
     *
     * @throws IllegalStateException if that call does not await approval, or it was decided already
     */
    public void approve(Outcome.Pending question) {
        decide(question.callId(), question.call(), Approver.Answer.approve());
    }

    /**
     * Approves exactly the call that was asked about, and for the rest of this conversation what the rule allows; a fork does
     * not have it. The rule is durable with the decision, and turns nothing but questions of the policy into leave.
     *
     * @param rule {@link Outcome.Pending#rule}, or another one that the tool understands
     * @throws IllegalArgumentException if the rule is blank, as that of a call is which can only be approved by itself
     * @throws IllegalStateException if that call does not await approval, or it was decided already
     */
    public void approve(Outcome.Pending question, String rule) {
        decide(question.callId(), question.call(), Approver.Answer.always(rule));
    }

    /** What was allowed for the rest of this conversation, the oldest first. */
    public List<Approver.Rule> rules() {
        return handle.reading(log -> log.fold().rules().all());
    }

    /**
     * Lets a rule hold no more; what it allowed is asked about again.
     *
     * @throws IllegalStateException if it is none of {@link #rules}
     */
    public void revoke(Approver.Rule rule) {
        changes.revoke(rule);
    }

    /** Refuses exactly the call that was asked about, for good; see {@link #approve(Outcome.Pending)}. */
    public void deny(Outcome.Pending question, String reason) {
        decide(question.callId(), question.call(), Approver.Answer.deny(reason));
    }

    private void decide(String callId, long version, Approver.Answer answer) {
        handle.reading(log -> {
            Inbox.decide(log, callId, version, answer);
            return true;
        });
    }

    @Override
    public String toString() {
        return "conversation " + id + " at version " + version();
    }
}
