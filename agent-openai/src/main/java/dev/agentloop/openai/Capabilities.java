package dev.agentloop.openai;

import dev.agentloop.PromptSettings;
import java.util.List;

/**
 * What a model can do, as far as its name tells: only a beginning, which the host's own settings override.
 *
 * @param prefix how the names of these models begin
 * @param reasoning whether encrypted reasoning is asked for and sent back
 * @param customTools whether there are custom tools with grammars
 * @param images whether images are read
 * @param contextWindow tokens of input that fit; 0 where it is not known
 */
record Capabilities(String prefix, boolean reasoning, boolean customTools, boolean images, long contextWindow) {
    private static final Capabilities PLAIN = new Capabilities("", false, false, false, 0);

    /** The first prefix that fits counts. */
    private static final List<Capabilities> KNOWN = List.of(
            new Capabilities("gpt-5-chat", false, false, true, 128_000),
            new Capabilities("gpt-5", true, true, true, 272_000),
            new Capabilities("gpt-6", true, true, true, 272_000),
            new Capabilities("codex-mini", true, false, true, 200_000),
            new Capabilities("o1-mini", false, false, false, 128_000),
            new Capabilities("o3-mini", true, false, false, 200_000),
            new Capabilities("o1", true, false, true, 200_000),
            new Capabilities("o3", true, false, true, 200_000),
            new Capabilities("o4", true, false, true, 200_000),
            new Capabilities("gpt-4.1", false, false, true, 1_047_576),
            new Capabilities("gpt-4o", false, false, true, 128_000),
            new Capabilities("gpt-4.5", false, false, true, 128_000));

    /** The capabilities by a model's name; a gateway's {@code vendor/} and a {@code ft:} before it do not count. */
    static Capabilities of(String model) {
        String name = model.substring(model.lastIndexOf('/') + 1);
        String base = name.startsWith("ft:") ? name.substring("ft:".length()) : name;
        return KNOWN.stream()
                .filter(known -> base.startsWith(known.prefix))
                .findFirst()
                .orElse(PLAIN);
    }

    PromptSettings.Builder settings(String model) {
        return PromptSettings.of(model)
                .reasoning(reasoning)
                .customTools(customTools)
                .images(images)
                .contextWindow(contextWindow);
    }
}
