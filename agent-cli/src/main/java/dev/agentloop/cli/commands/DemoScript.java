package dev.agentloop.cli.commands;

import dev.agentloop.testkit.ScriptedResponse;

/** What the demonstration's server answers, request by request. No model has a part in it. */
final class DemoScript {
    static final String TASK = "Add an architecture diagram to README.md";

    private static final String PATCH = """
            *** Begin Patch
            *** Update File: README.md
            @@
             Takes orders for a small shop. A customer puts articles into a basket and checks out; what is in stock is reserved,
             paid for, written down, and confirmed by mail.
            \s
            +## Architecture
            +
            +```mermaid
            +flowchart LR
            +    customer([customer]) --> Checkout
            +    Checkout -->|1 reserve| Inventory
            +    Checkout -->|2 charge| Payments
            +    Checkout -->|3 write| OrderBook
            +    Checkout -->|4 confirm| Mailer
            +    Payments --> bank[(bank)]
            +```
            +
             ## Running
            *** End Patch
            """;

    private DemoScript() {}

    /** The answers, in order. */
    static ScriptedResponse[] answers() {
        return new ScriptedResponse[] {
            ScriptedResponse.reasons("The README first.").andCalls("call_1", "shell_command", command("cat README.md")),
            ScriptedResponse.says("It has no diagram yet. What are the parts, and who calls whom?")
                    .andCalls("call_2", "list_dir", "{\"dir_path\":\"src\"}")
                    .andCalls("call_3", "shell_command", command("cat src/Checkout.java src/Payments.java")),
            ScriptedResponse.reasons("Checkout calls four others, in a fixed order.")
                    .andCallsCustom("call_4", "apply_patch", PATCH),
            ScriptedResponse.says("Now a look at what stands there.")
                    .andCalls("call_5", "shell_command", command("grep -n -A 9 mermaid README.md")),
            ScriptedResponse.says(
                    "README.md has a section Architecture now: a Mermaid diagram of Checkout and the four parts"
                            + " that it calls, in the order of the calls.")
        };
    }

    private static String command(String line) {
        return "{\"command\":\"" + line + "\"}";
    }
}
