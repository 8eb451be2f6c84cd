package dev.agentloop.internal.setup;

import dev.agentloop.ApprovalPolicy;
import dev.agentloop.Tool;
import dev.agentloop.ToolCall;
import java.util.Locale;

/** The ready-made policies: a mode and rights. */
public record ModePolicy(Mode mode, Rights rights) implements ApprovalPolicy {

    @Override
    public Decision decide(ToolCall call, Tool.Access access) {
        boolean covered = covers(access);
        return switch (mode) {
            case UNTRUSTED -> access == Tool.Access.READS ? Decision.allow() : Decision.ask(why(call, access));
            case ON_REQUEST -> covered ? Decision.allow() : Decision.ask(why(call, access));
            case NEVER ->
                covered
                        ? Decision.allow()
                        : Decision.deny(why(call, access) + " The approval mode is never, so nobody is asked."
                                + " Use a call that stays within these rights.");
        };
    }

    private boolean covers(Tool.Access access) {
        return switch (access) {
            case READS -> true;
            case WRITES -> rights != Rights.READ_ONLY;
            case UNRESTRICTED -> rights == Rights.FULL_ACCESS;
        };
    }

    private String why(ToolCall call, Tool.Access access) {
        String reach = switch (access) {
            case READS -> "only reads";
            case WRITES -> "changes things in the workspace";
            case UNRESTRICTED -> "may do anything that this process may";
        };
        return "This call of " + call.name() + " " + reach + ", and the rights are "
                + rights.name().toLowerCase(Locale.ROOT).replace('_', '-') + ".";
    }
}
