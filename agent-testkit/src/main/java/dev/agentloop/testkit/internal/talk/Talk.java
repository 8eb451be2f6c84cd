package dev.agentloop.testkit.internal.talk;

import dev.agentloop.AgentEvent;
import dev.agentloop.AgentLoop;
import dev.agentloop.Conversation;
import dev.agentloop.Item;
import dev.agentloop.Limits;
import dev.agentloop.ModelException;
import dev.agentloop.Outcome;
import dev.agentloop.Prompt;
import dev.agentloop.RunOptions;
import dev.agentloop.spi.ConversationStore;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * A talk: a few conversations in one store, held by random operations and looked at after each. Belongs to one thread at a time.
 */
final class Talk implements AutoCloseable {
    private static final int MOST_LINES = 6;

    private final ConversationStore store;
    private final Sayings sayings;
    private final Answers answers;
    private final TalkSetup setup;
    private final TalkTools tools;
    private final TalkChecks checks;
    private final Journal journal;
    private final List<Line> lines = new ArrayList<>();
    private final List<Throwable> failures = new CopyOnWriteArrayList<>();
    private AgentLoop agent;
    private AgentLoop other;
    private Line current;
    private boolean cancelled;

    /** A talk in that store, whose words and settings follow from the seed, with the conversations that the journal has. */
    Talk(ConversationStore store, long seed, Journal journal) {
        this.store = store;
        this.journal = journal;
        this.sayings = new Sayings(new Words(Long.toString(seed >>> 1, 36)));
        this.answers = new Answers(sayings);
        this.setup = new TalkSetup(new Random(seed));
        this.tools = TalkTools.of(sayings.words(), this::cancel);
        this.checks = new TalkChecks(store);
        this.agent = agent();
        this.other = agent();
        journal.erased(checks);
        List<Line> known = journal.read(id -> new Line(handle(id), null));
        lines.addAll(known.subList(Math.max(0, known.size() - MOST_LINES), known.size()));
        this.current = lines.isEmpty() ? new Line(agent.newConversation(), null) : lines.get(0);
        if (lines.isEmpty()) {
            lines.add(current);
        }
    }

    private Conversation handle(String id) {
        return store.head(id).isPresent() ? agent.resume(id) : agent.newConversation(id);
    }

    private AgentLoop agent() {
        TalkModel model = new TalkModel(setup.settings(), answers, new Watching());
        return setup.agent(store, tools, model, summaries());
    }

    private Summaries summaries() {
        return new Summaries(setup.settings(), sayings, answers::random, prompt -> watched(() -> checks.pairs(prompt)));
    }

    private final class Watching implements TalkModel.Watcher {
        @Override
        public void sent(Prompt prompt) {
            watched(() -> journal.sent(current, checks.sent(current, prompt)));
        }

        @Override
        public void cancel() {
            Talk.this.cancel();
        }

        @Override
        public void steer() {
            String text = sayings.words().text(answers.random());
            if (current.handle().steer(text)) {
                current.loose().addAll(Words.in(text));
            }
        }

        @Override
        public void answered(List<Item> items) {
            items.forEach(item -> {
                if (item instanceof Item.Message) {
                    current.answered().addAll(Words.in(item.json()));
                }
            });
        }
    }

    private void cancel() {
        cancelled = true;
        current.handle().cancel();
    }

    // What is thrown at a model's thread may be taken for a failure of the model's.
    private void watched(Runnable check) {
        try {
            check.run();
        } catch (Throwable e) {
            failures.add(e);
            throw e;
        }
    }

    /** The conversations that are talked in. */
    List<Line> lines() {
        return lines;
    }

    @Override
    public void close() {
        agent.close();
        other.close();
    }

    /**
     * Does what the operation says, and looks at all that can have changed.
     *
     * @throws AssertionError if something is not as it must be
     */
    void perform(Operation operation) {
        Random random = begin(operation);
        done(operation, random);
        checks.after(current, agent, setup, random);
        if (operation.kind() == Operation.Kind.REDACT) {
            // In the forks of the conversation, too, and in whatever else the store has of them.
            lines.forEach(line -> checks.after(line, agent, setup, random));
            checks.requireGone(store.locations());
        }
    }

    /** Does what the operation says, and looks at no more than the requests. */
    void hold(Operation operation) {
        done(operation, begin(operation));
        checks.stands(current);
        journal.done(current);
    }

    /** Waits until the owner of what a killed process left is known to be dead, and goes on there; looks at all conversations. */
    void takeOver(Random random) {
        lines.forEach(line -> {
            checks.after(line, agent, setup, random);
        });
        for (Line line : List.copyOf(lines)) {
            current = line;
            current.learns(checks.erased());
            answers.begin(new Random(random.nextLong()));
            cancelled = false;
            acted(() -> run(List.of(), RunOptions.DEFAULT.withWhenBusy(RunOptions.WhenBusy.QUEUE)));
            checks.after(line, agent, setup, random);
            journal.done(line);
        }
        checks.settle().forEach(journal::gone);
        journal.settled();
        lines.forEach(line -> checks.after(line, agent, setup, random));
        checks.requireGone(store.locations());
    }

    private boolean did(Runnable act) {
        return Refusals.of(current, act);
    }

    private Random begin(Operation operation) {
        Random random = new Random(operation.seed());
        current = lines.get(random.nextInt(lines.size()));
        current.learns(checks.erased());
        answers.begin(new Random(random.nextLong()));
        cancelled = false;
        return random;
    }

    private void done(Operation operation, Random random) {
        acted(() -> act(operation.kind(), random));
    }

    /** What a host does. */
    private interface Act {
        void act() throws InterruptedException;
    }

    private void acted(Act act) {
        int answered = current.answered().size();
        try {
            act.act();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        } catch (AssertionError | RuntimeException e) {
            failures.add(e);
        }
        if (!failures.isEmpty()) {
            throw new AssertionError(String.valueOf(failures.get(0).getMessage()), failures.get(0));
        }
        if (cancelled && current.answered().size() > answered) {
            // Whether the loop took a response that came while the run was ended is a matter of who was first.
            current.answered().subList(answered, current.answered().size()).clear();
        }
    }

    private void act(Operation.Kind kind, Random random) throws InterruptedException {
        switch (kind) {
            case RUN -> run(inputs(random), options(random));
            case GO_ON -> run(List.of(), options(random));
            case APPEND, RESPOND, ANSWER -> new OwnLoop(current, sayings, answers).act(kind, random);
            case NEW -> open(new Line(agent.newConversation(), null), random);
            case FORK -> fork(random);
            case REDACT -> redact(random);
            case COMPACT -> compact();
            case UNDO -> did(() -> current.handle().undoCompaction());
            case DECIDE -> decide(random);
            case REVOKE -> current.handle().rules().stream().findFirst().ifPresent(current.handle()::revoke);
            case PIN -> pin(random);
            case UNPIN -> unpin(random);
            case CHANGE -> change(random);
            case REPIN -> did(() -> current.handle().repinTools());
            case RESUME -> resume(current);
            case PAST -> checks.past(current, random);
        }
    }

    private List<Item> inputs(Random random) {
        List<Item> items = new ArrayList<>();
        for (int i = random.nextInt(8) == 0 ? 2 : 1; i > 0; i--) {
            Item item = sayings.input(random);
            boolean marked = setup.settings().cacheBreakpoints() && random.nextInt(8) == 0;
            items.add(
                    marked && item instanceof Item.Message said && !said.json().contains("\"odd\"")
                            ? item.withCacheBreakpoint()
                            : item);
        }
        return items;
    }

    private void run(List<Item> input, RunOptions options) {
        boolean[] begun = {false};
        RunOptions watched = options.withListener(event -> begun[0] |= event instanceof AgentEvent.RunStarted)
                .withDelivery(RunOptions.Delivery.DIRECT);
        did(() -> {
            try {
                current.handle().run(input, watched);
            } catch (ModelException | TalkModel.Failure e) {
                // The model failed, and what was said before is in the log.
            }
        });
        if (begun[0]) {
            input.forEach(item -> current.said().addAll(Words.in(item.json())));
        }
    }

    private RunOptions options(Random random) {
        RunOptions options = RunOptions.DEFAULT;
        if (random.nextInt(6) == 0) {
            options = options.withLimits(
                    switch (random.nextInt(4)) {
                        case 0 -> Limits.NONE.withSteps(1);
                        case 1 -> Limits.NONE.withToolCalls(1 + random.nextInt(3));
                        case 2 -> Limits.NONE.withTokens(100 + random.nextInt(4_000));
                        default -> Limits.NONE.withIdenticalCalls(2);
                    });
        }
        if (random.nextInt(6) == 0) {
            List<String> names = setup.names();
            options = options.withAllowedTools(
                    Set.copyOf(List.of(names.get(random.nextInt(names.size())), TalkTools.LOOK)));
        }
        return options;
    }

    private void fork(Random random) {
        long last = current.handle().version();
        if (last == 0) {
            return;
        }
        long at = 1 + (long) (random.nextDouble() * last);
        Line fork = new Line(agent.fork(current.id(), at), current);
        checks.forked(fork, at);
        journal.forked(fork, current.id());
        open(fork, random);
    }

    private void open(Line line, Random random) {
        if (lines.size() == MOST_LINES) {
            lines.remove(random.nextInt(lines.size()));
        }
        lines.add(line);
        current = line;
    }

    private void redact(Random random) {
        List<Long> versions = checks.redactable(current);
        if (versions.isEmpty()) {
            return;
        }
        long version = versions.get(random.nextInt(versions.size()));
        Set<String> words = checks.words(current, version);
        journal.erasing(current.id(), version, words);
        if (did(() -> current.handle().redact(version, "asked for"))) {
            checks.erase(words);
            journal.gone(words);
        } else {
            journal.settled();
        }
    }

    private void compact() throws InterruptedException {
        byte[] before = checks.bytes(current.handle());
        String head = checks.head(current.handle());
        InterruptedException[] interrupted = {null};
        boolean done = Refusals.of(current, Refusals.MAY_LOG, () -> {
            try {
                current.handle().compact(RunOptions.DEFAULT);
            } catch (InterruptedException e) {
                interrupted[0] = e;
            }
        });
        if (interrupted[0] != null) {
            throw interrupted[0];
        }
        // Other settings begin an epoch before a compactor is asked, whatever comes of that.
        boolean sameSettings = checks.head(current.handle()).equals(head);
        if (!done && sameSettings && !Arrays.equals(before, checks.bytes(current.handle()))) {
            throw new AssertionError("a compaction that was refused changed the prompt");
        }
    }

    private void decide(Random random) {
        List<Outcome.Pending> pending = current.handle().awaitingApproval();
        if (pending.isEmpty()) {
            return;
        }
        Outcome.Pending question = pending.get(random.nextInt(pending.size()));
        Conversation by = random.nextBoolean() ? current.handle() : other.resume(current.id());
        // A rule that was redacted is none any more.
        int way = question.rule().isBlank() ? 3 + random.nextInt(2) : random.nextInt(5);
        did(() -> {
            switch (way) {
                case 0 -> by.deny(question, "better not");
                case 1 -> by.deny(question.callId(), "no");
                case 2 -> by.approve(question, question.rule());
                case 3 -> by.approve(question.callId());
                default -> by.approve(question);
            }
        });
    }

    private void pin(Random random) {
        Item item = random.nextBoolean() ? Item.developer(sayings.words().text(random)) : sayings.input(random);
        if (did(() -> current.handle().pin("pin_" + random.nextInt(3), item))) {
            current.said().addAll(Words.in(item.json()));
        }
    }

    private void unpin(Random random) {
        if (current.handle().version() > 0) {
            current.handle().unpin("pin_" + random.nextInt(3));
        }
    }

    private void change(Random random) {
        setup.change(random);
        close();
        agent = agent();
        other = agent();
        lines.forEach(this::resume);
    }

    private void resume(Line line) {
        line.handle(handle(line.id()));
    }
}
