package dev.agentloop.examples.cli;

import dev.agentloop.Item;

/** The items of a log as a person reads them. */
final class LogItems {
    private final LogLines lines;

    LogItems(LogLines lines) {
        this.lines = lines;
    }

    /**
     * Shows an item.
     *
     * @param kind the entry's kind without {@code item.}
     */
    void show(long version, String kind, Item item) {
        if (item instanceof Item.Message message && !message.text().isEmpty()) {
            lines.text(version, speaker(kind, message), message.text());
        } else if (item instanceof Item.Message message && !message.refusal().isEmpty()) {
            lines.text(version, speaker(kind, message) + " refuses", message.refusal());
        } else if (item instanceof Item.Call call) {
            lines.text(
                    version,
                    "calls " + call.name() + " (" + call.callId() + (call.incomplete() ? ", cut off" : "") + ")",
                    call.arguments());
        } else if (item instanceof Item.Output output) {
            lines.text(version, output.callId() + (kind.endsWith(".error") ? " failed" : " gave"), text(output));
        } else if (item instanceof Item.Reasoning reasoning) {
            lines.text(version, "thinks", reasoning.summary().isEmpty() ? "(no summary)" : reasoning.summary());
        } else {
            lines.text(version, item.type().isEmpty() ? "item of no type" : item.type(), item.json());
        }
    }

    private static String text(Item.Output output) {
        return output.text().isEmpty() ? output.json() : output.text();
    }

    private static String speaker(String kind, Item.Message message) {
        if (kind.startsWith("context.") || kind.startsWith("pin.")) {
            return kind.replace('.', ' ');
        }
        return message.role().equals("assistant") ? "model" : message.role();
    }
}
