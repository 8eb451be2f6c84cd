package dev.agentloop;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;

/** A model that answers by a script, one line for each inference, and keeps the prompts that it was sent. */
final class Script implements Model {
    private final Deque<Line> lines;
    final List<Prompt> prompts = Collections.synchronizedList(new ArrayList<>());

    /** What it does with one prompt. */
    interface Line {
        ModelResponse answer(Prompt prompt, Listener listener) throws InterruptedException;
    }

    Script(Line... lines) {
        this.lines = new ArrayDeque<>(Arrays.asList(lines));
    }

    static Line says(String text) {
        return (prompt, listener) -> ModelResponse.of(List.of(message(text)), Usage.reported(100, 0, 0, 10, 0));
    }

    static Line calls(Item... calls) {
        return (prompt, listener) -> ModelResponse.of(List.of(calls), Usage.reported(100, 0, 0, 10, 0));
    }

    static Line fails(ModelException.Kind kind) {
        return (prompt, listener) -> {
            throw ModelException.of(kind, "scripted failure " + kind).build();
        };
    }

    /** Hands out these items, then breaks. */
    static Line breaksAfter(Item... items) {
        return (prompt, listener) -> {
            List.of(items).forEach(listener::onItem);
            throw ModelException.of(ModelException.Kind.TRANSPORT, "the stream broke")
                    .build();
        };
    }

    /** Waits until somebody interrupts it. */
    static Line hangs(CountDownLatch begun) {
        return (prompt, listener) -> {
            begun.countDown();
            new CountDownLatch(1).await();
            throw new AssertionError("never");
        };
    }

    static Item message(String text) {
        return item(
                "{\"type\":\"message\",\"id\":\"msg_1\",\"role\":\"assistant\",\"content\":[{\"type\":\"output_text\","
                        + "\"text\":\"" + text + "\"}]}");
    }

    static Item reasoning(String secret) {
        return item("{\"type\":\"reasoning\",\"id\":\"rs_1\",\"summary\":[],\"encrypted_content\":\"" + secret + "\"}");
    }

    static Item item(String json) {
        return Item.received(json.getBytes(UTF_8)).orElseThrow();
    }

    static Item call(String id, String name) {
        return Item.functionCall(id, name, "{}");
    }

    @Override
    public PromptSettings settings() {
        return PromptSettings.of("scripted").reasoning(true).build();
    }

    @Override
    public ModelResponse respond(Prompt prompt, Listener listener) throws InterruptedException {
        prompts.add(prompt);
        Line line;
        synchronized (lines) {
            line = Objects.requireNonNull(lines.poll(), "the script has ended");
        }
        return line.answer(prompt, listener);
    }

    /** The items of the prompt number {@code index}, from the first that the model or the user made. */
    List<String> inputs(int index) {
        return prompts.get(index).items().stream().map(Script::shortly).toList();
    }

    private static String shortly(Item item) {
        if (item instanceof Item.Message message) {
            return message.role() + ":" + message.text();
        }
        if (item instanceof Item.Call call) {
            return "call:" + call.callId();
        }
        if (item instanceof Item.Output output) {
            return "output:" + output.callId() + ":" + output.text();
        }
        return item.type();
    }
}
