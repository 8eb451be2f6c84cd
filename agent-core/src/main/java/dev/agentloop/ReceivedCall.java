package dev.agentloop;

/** A tool call that reads from its item. */
record ReceivedCall(Item.Call item) implements ToolCall {
    @Override
    public String callId() {
        return item.callId();
    }

    @Override
    public String name() {
        return item.name();
    }

    @Override
    public String arguments() {
        return item.arguments();
    }

    @Override
    public boolean custom() {
        return item.custom();
    }
}
