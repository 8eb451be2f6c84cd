package dev.agentloop;

import dev.agentloop.internal.setup.ModePolicy;
import java.util.Objects;

/**
 * Decides which tool calls run, which need approval, and which are refused.
 *
 * <p>Called on the loop's thread, before anything of the call is done, once for each call and again for one that had to wait
 * for a decision about another; must be quick: one that takes two seconds is named in the log. What it throws, and null, is
 * answered as a refusal.
 */
@FunctionalInterface
public interface ApprovalPolicy {

    /**
     * The decision about one call.
     *
     * @param access how far the call reaches, as the tool says
     */
    Decision decide(ToolCall call, Tool.Access access);

    /** Runs everything. For hosts that confine the whole process themselves. */
    ApprovalPolicy ALLOW_ALL = (call, access) -> Decision.allow();

    /**
     * One of the ready-made policies.
     *
     * @param mode when to ask
     * @param rights how far calls may reach without asking
     */
    static ApprovalPolicy of(Mode mode, Rights rights) {
        return new ModePolicy(mode, rights);
    }

    /** When to ask. */
    enum Mode {
        /** Asks for everything that does more than read. */
        UNTRUSTED,
        /** Asks where the rights end. */
        ON_REQUEST,
        /** Asks nobody: what the rights do not cover is refused, and the model is told why. */
        NEVER
    }

    /** How far calls may reach without asking. There is no sandbox behind this: it decides before a call, not during it. */
    enum Rights {
        /** Calls that only read. */
        READ_ONLY,
        /** Also calls that change what the host opened to them, such as files of the workspace. */
        WORKSPACE_WRITE,
        /** Everything. */
        FULL_ACCESS
    }

    /**
     * What is done with a call.
     *
     * @param verdict whether it runs
     * @param reason why it is asked about or refused; told to the approver or to the model
     */
    record Decision(Verdict verdict, String reason) {
        public Decision {
            Objects.requireNonNull(verdict, "a decision has a verdict, not null");
            Objects.requireNonNull(reason, "a decision without a reason has an empty one, not null");
        }

        /** The call runs. */
        public static Decision allow() {
            return new Decision(Verdict.ALLOW, "");
        }

        /**
         * The approver is asked; without one, the run ends as {@link Outcome.AwaitingApproval}. Nobody is asked where a rule that
         * a person gave in this conversation lets the call run, see {@link Tool#allowedBy}.
         */
        public static Decision ask(String question) {
            return new Decision(Verdict.ASK, question);
        }

        /** The call does not run, and the model is told why. */
        public static Decision deny(String reason) {
            return new Decision(Verdict.DENY, reason);
        }
    }

    /** Whether a call runs. */
    enum Verdict {
        /** It runs. */
        ALLOW,
        /** Somebody decides. */
        ASK,
        /** It does not run. */
        DENY
    }
}
