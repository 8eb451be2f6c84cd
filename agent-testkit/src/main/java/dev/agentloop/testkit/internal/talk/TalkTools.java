package dev.agentloop.testkit.internal.talk;

import dev.agentloop.ApprovalPolicy;
import dev.agentloop.Tool;
import dev.agentloop.ToolCall;
import dev.agentloop.ToolContext;
import dev.agentloop.ToolOutput;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The tools of a talk. What they give follows from the call alone, but for the word that each output has of its own, so it does
 * not matter which of two ends first. Thread-safe.
 */
final class TalkTools {
    static final String LOOK = "look";
    static final String NOTE = "note";
    static final String ASK = "ask";
    static final String PLAN = "plan";
    static final String DENIED = "denied";
    static final String FAILS = "fails";
    static final String CANCELS = "cancels";
    static final String PATCH = "patch";

    private static final String SCHEMA = "{\"type\":\"object\",\"properties\":{\"n\":{\"type\":\"integer\"}}}";
    private static final String IMAGE = "data:image/png;base64,AAAA";
    private static final int MOST = 60;
    private static final String RULE = "all that is asked, as with ";

    static final ApprovalPolicy POLICY = (call, access) -> switch (call.name()) {
        case ASK -> ApprovalPolicy.Decision.ask("may it?");
        case DENIED -> ApprovalPolicy.Decision.deny("never that");
        default -> ApprovalPolicy.Decision.allow();
    };

    private final Supplier<String> words;
    private final @Nullable Runnable cancel;

    private TalkTools(Supplier<String> words, @Nullable Runnable cancel) {
        this.words = words;
        this.cancel = cancel;
    }

    /** Tools whose outputs have words of their own, of which one ends the run. */
    static TalkTools of(Words words, Runnable cancel) {
        return new TalkTools(words::next, cancel);
    }

    /** Tools that give the same whenever they are called with the same, one after the other, and end nothing. */
    static TalkTools steady() {
        return new TalkTools(() -> "steady", null);
    }

    /** The tools that are always there. */
    List<Tool> always() {
        List<Tool> tools = new ArrayList<>();
        for (String name : List.of(LOOK, NOTE, ASK, PLAN, DENIED, FAILS, CANCELS)) {
            tools.add(of(name, "Does " + name + "."));
        }
        tools.add(new Sample(
                new Tool.Specification(PATCH, "Takes a text.", SCHEMA, false, new Tool.Grammar("regex", ".*"))));
        return tools;
    }

    /** One more, which comes and goes. */
    Tool of(String name, String description) {
        return new Sample(Tool.Specification.function(name, description, SCHEMA));
    }

    private final class Sample implements Tool {
        private final Specification specification;

        Sample(Specification specification) {
            this.specification = specification;
        }

        private boolean named(String name) {
            return specification.name().equals(name);
        }

        @Override
        public Specification specification() {
            return specification;
        }

        @Override
        public Access access(ToolCall call) {
            return cancel == null || named(NOTE) || named(PATCH) || named(CANCELS) ? Access.WRITES : Access.READS;
        }

        @Override
        public AfterCrash afterCrash(ToolCall call) {
            return List.of(AfterCrash.REPORT, AfterCrash.RUN_AGAIN, AfterCrash.ASK)
                    .get(Math.floorMod(call.arguments().hashCode(), 3));
        }

        @Override
        public boolean keptInCompaction() {
            return named(PLAN);
        }

        @Override
        public int outputTokens() {
            return MOST;
        }

        @Override
        public String place(ToolCall call) {
            return named(ASK) ? "/at/" + said(call) : "";
        }

        @Override
        public Optional<String> rule(ToolCall call) {
            return named(ASK) ? Optional.of(RULE + said(call)) : Optional.empty();
        }

        @Override
        public boolean allowedBy(List<String> rules, ToolCall call) {
            return named(ASK) && rules.stream().anyMatch(rule -> rule.startsWith(RULE));
        }

        @Override
        public ToolOutput call(ToolCall call, ToolContext context) throws Exception {
            Random random = new Random(call.arguments().length());
            if (named(FAILS)) {
                throw new IllegalStateException("it fails: " + words.get());
            }
            if (named(CANCELS) && cancel != null) {
                cancel.run();
                new CountDownLatch(1).await();
            }
            String text = Words.text(words.get(), random);
            return switch (random.nextInt(5)) {
                case 0 -> ToolOutput.text(text + "\nline".repeat(50 + random.nextInt(80)) + words.get());
                case 1 ->
                    new ToolOutput(List.of(new ToolOutput.Text(text), new ToolOutput.Image(IMAGE, "auto")), false);
                case 2 -> ToolOutput.error(text);
                default -> ToolOutput.text(text);
            };
        }
    }

    private static String said(ToolCall call) {
        return String.join("+", Words.in(call.arguments()));
    }
}
