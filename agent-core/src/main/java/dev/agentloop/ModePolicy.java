package dev.agentloop;

import java.util.Locale;

/** The ready-made policies: a mode and rights. */
record ModePolicy(Mode mode, Rights rights) implements ApprovalPolicy {

    @Override
    public Decision decide(ToolCall call, Tool.Access access) {
        boolean covered = rights.cover(access);
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
