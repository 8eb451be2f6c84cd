package dev.agentloop.openai;

/** The events of a response's stream that matter here, by the type that they have on the wire. */
enum EventKind {
    TEXT("response.output_text.delta"),
    REFUSAL("response.refusal.delta"),
    REASONING_SUMMARY("response.reasoning_summary_text.delta"),
    REASONING_SUMMARY_PART("response.reasoning_summary_part.added"),
    REASONING_TEXT("response.reasoning_text.delta"),
    ARGUMENTS("response.function_call_arguments.delta"),
    CUSTOM_INPUT("response.custom_tool_call_input.delta"),
    ITEM_DONE("response.output_item.done"),
    COMPLETED("response.completed"),
    INCOMPLETE("response.incomplete"),
    FAILED("response.failed"),
    ERROR("error"),
    /** The line after the last event, which some servers send. */
    END("[DONE]"),
    /** All others, such as those that repeat what an item will hold, and those that are not known yet. */
    OTHER("");

    private static final EventKind[] ALL = values();

    private final String wire;

    EventKind(String wire) {
        this.wire = wire;
    }

    /** The kind whose type stands in these bytes. */
    static EventKind of(byte[] bytes, int from, int to) {
        for (EventKind kind : ALL) {
            if (kind != OTHER && kind.is(bytes, from, to)) {
                return kind;
            }
        }
        return OTHER;
    }

    private boolean is(byte[] bytes, int from, int to) {
        if (wire.length() != to - from) {
            return false;
        }
        // The types differ at their ends, not at their beginnings.
        for (int i = wire.length() - 1; i >= 0; i--) {
            if (wire.charAt(i) != bytes[from + i]) {
                return false;
            }
        }
        return true;
    }
}
