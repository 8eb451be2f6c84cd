package dev.agentloop.openai;

import dev.agentloop.Tool;
import dev.agentloop.ToolCall;
import dev.agentloop.ToolContext;
import dev.agentloop.ToolOutput;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;

/** What tools did, and under which keys. Thread-safe. */
final class Effects {
    private final List<Effect> all = new ArrayList<>();

    /** One run of a tool. */
    record Effect(String key, String callId, String name, String arguments) {
        String what() {
            return name + " " + arguments;
        }
    }

    synchronized void add(Effect effect) {
        all.add(effect);
    }

    synchronized List<Effect> all() {
        return List.copyOf(all);
    }

    /** The keys under which something was done more than once. */
    List<String> repeated() {
        Set<String> keys = new HashSet<>();
        return all().stream()
                .filter(effect -> !keys.add(effect.key()))
                .map(effect -> "done twice under the key " + effect.key() + ": " + effect.what())
                .toList();
    }

    /** In what the effects differ from the calls that were sent, whatever their order. */
    List<String> differences(Collection<String> sent) {
        TreeMap<String, Integer> counts = new TreeMap<>();
        sent.forEach(call -> counts.merge(call, 1, Integer::sum));
        all().forEach(effect -> counts.merge(effect.what(), -1, Integer::sum));
        List<String> differences = new ArrayList<>();
        counts.forEach((call, count) -> {
            if (count != 0) {
                differences.add(
                        count > 0
                                ? "sent and not done, " + count + " times: " + call
                                : "done and not sent, " + -count + " times: " + call);
            }
        });
        return differences;
    }

    /** A tool that does nothing else than to be counted. */
    Tool tool(String name, Tool.Access access, int outputLength) {
        return new Counted(this, name, access, outputLength);
    }

    private record Counted(Effects effects, String name, Access reach, int outputLength) implements Tool {
        @Override
        public Specification specification() {
            return Specification.function(name, "Does it.", "{\"type\":\"object\",\"properties\":{}}");
        }

        @Override
        public ToolOutput call(ToolCall call, ToolContext context) {
            effects.add(new Effect(context.idempotencyKey(), call.callId(), call.name(), call.arguments()));
            return ToolOutput.text("did " + call.arguments() + " " + ".".repeat(outputLength));
        }

        @Override
        public Access access(ToolCall call) {
            return reach;
        }
    }
}
