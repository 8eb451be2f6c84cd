package dev.agentloop.testkit.internal.talk;

import dev.agentloop.Item;
import dev.agentloop.ModelResponse;
import dev.agentloop.ToolCall;
import dev.agentloop.ToolOutput;
import dev.agentloop.Usage;
import dev.agentloop.testkit.internal.request.PairingRules;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** What a loop of the host's own does in a conversation. */
record OwnLoop(Line line, Sayings sayings, Answers answers) {

    void act(Operation.Kind kind, Random random) {
        switch (kind) {
            case APPEND -> append(items(random));
            case RESPOND -> respond(random);
            default -> Refusals.of(line, this::answer);
        }
    }

    private void append(List<Item> items) {
        if (Refusals.of(line, () -> line.handle().append(items))) {
            items.forEach(item -> line.said().addAll(Words.in(item.json())));
        }
    }

    /** Messages, or a whole exchange that came from elsewhere. */
    private List<Item> items(Random random) {
        List<Item> items = new ArrayList<>();
        items.add(sayings.input(random));
        if (random.nextBoolean()) {
            String id = "call_" + random.nextInt(4);
            items.add(Item.functionCall(
                    id, TalkTools.LOOK, "{\"said\":\"" + sayings.words().next() + "\"}"));
            items.add(ToolOutput.text(sayings.words().text(random)).item(ToolCall.function(id, TalkTools.LOOK, "{}")));
            items.add(sayings.message(random));
        }
        if (random.nextInt(3) == 0) {
            items.add(sayings.input(random));
        }
        return items;
    }

    private void respond(Random random) {
        answers.begin(random);
        List<Item> items = answers.items(random.nextInt(4));
        items.removeIf(item -> item instanceof Item.Call call && call.name().equals(TalkTools.CANCELS));
        List<ToolCall> calls = new ArrayList<>();
        ModelResponse response = ModelResponse.of(items, Usage.reported(20, 0, 0, 5, 0));
        if (!Refusals.of(line, () -> calls.addAll(line.handle().append(response)))) {
            return;
        }
        items.forEach(item -> {
            if (item instanceof Item.Message) {
                line.answered().addAll(Words.in(item.json()));
            }
        });
        for (ToolCall call : calls) {
            if (random.nextInt(5) > 0) {
                ToolOutput output = line.handle().call(call);
                line.handle().append(List.of(output.item(call)));
                line.loose().addAll(Words.in(output.text()));
            }
        }
    }

    /** Answers the calls that only the host can. */
    private void answer() {
        List<Item> outputs = new ArrayList<>();
        for (Item item : line.handle().prompt().items()) {
            if (item.type().equals("local_shell_call")) {
                String id = PairingRules.fields(item).textOrEmpty("call_id");
                outputs.add(Sayings.received("{\"type\":\"local_shell_call_output\",\"call_id\":\"" + id
                        + "\",\"output\":\"" + sayings.words().next() + "\"}"));
            }
        }
        List<String> answered = line.handle().prompt().items().stream()
                .filter(item -> item.type().equals("local_shell_call_output"))
                .map(item -> PairingRules.fields(item).textOrEmpty("call_id"))
                .toList();
        outputs.removeIf(item -> answered.contains(PairingRules.fields(item).textOrEmpty("call_id")));
        if (!outputs.isEmpty()) {
            append(outputs);
        }
    }
}
