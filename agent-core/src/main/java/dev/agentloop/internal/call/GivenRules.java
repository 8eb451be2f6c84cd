package dev.agentloop.internal.call;

import dev.agentloop.Approver;
import dev.agentloop.internal.Json;
import dev.agentloop.internal.JsonFields;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** What was allowed for the rest of a conversation, as the fold knows it. Not thread-safe. */
public final class GivenRules {
    // By the version of the call with whose approval each was given.
    private final Map<Long, Approver.Rule> inForce = new TreeMap<>();

    /** Decides about a call, and takes in the rule that was given with the decision, if it is the first. */
    public void decided(Call call, JsonFields fields) {
        Approver.Answer answer = Call.answer(fields);
        if (call.decide(fields.textOrEmpty("hash"), answer) && !answer.rule().isEmpty()) {
            inForce.put(
                    call.version(),
                    new Approver.Rule(call.version(), call.item().name(), answer.rule()));
        }
    }

    /** Refuses, with an {@link IllegalStateException}, a rule that is not in force. */
    public void check(Approver.Rule rule) {
        if (!rule.equals(inForce.get(rule.call()))) {
            throw new IllegalStateException("there is no rule \"" + rule.text() + "\" for " + rule.tool()
                    + " to revoke; those in force are "
                    + inForce.values().stream().map(Approver.Rule::text).toList());
        }
    }

    /** The rule that was given with the approval of this call holds no more. */
    public void revoked(long call) {
        inForce.remove(call);
    }

    /** The rules that were given with these calls hold no more: they quote what was erased. */
    public void redacted(Set<Long> calls) {
        inForce.keySet().removeAll(calls);
    }

    /** A fork is another conversation, about which nobody has decided yet. */
    public void forked() {
        inForce.clear();
    }

    /** The rules for calls of a tool, the oldest first. */
    public List<String> of(String tool) {
        return inForce.values().stream()
                .filter(rule -> rule.tool().equals(tool))
                .map(Approver.Rule::text)
                .toList();
    }

    /** All rules, the oldest first. */
    public List<Approver.Rule> all() {
        return List.copyOf(inForce.values());
    }

    public void write(Json.Writer out) throws IOException {
        out.objects("rules", inForce.values(), (w, rule) -> {
            w.number("call", rule.call()).text("tool", rule.tool()).text("rule", rule.text());
        });
    }

    /** Takes in what {@link #write} wrote. */
    public void read(JsonFields state) {
        for (JsonFields rule : state.inners("rules")) {
            long call = rule.number("call", 0);
            inForce.put(call, new Approver.Rule(call, rule.textOrEmpty("tool"), rule.textOrEmpty("rule")));
        }
    }
}
