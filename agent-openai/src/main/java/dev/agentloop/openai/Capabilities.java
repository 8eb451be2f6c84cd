package dev.agentloop.openai;

import dev.agentloop.PromptSettings;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a model can do, as far as its name tells: only a beginning, which the host's own settings override.
 *
 * @param family how the names of these models begin
 * @param minor the first minor version of the family that this holds for; 0 where there are none
 * @param contextWindow tokens of input that fit; 0 where it is not known
 * @param has what they can do
 */
record Capabilities(String family, int minor, long contextWindow, Set<Capability> has) {

    /** Something that models can do or not, and the setting that says so. */
    enum Capability {
        REASONING(PromptSettings.Builder::reasoning),
        CUSTOM(PromptSettings.Builder::customTools),
        IMAGES(PromptSettings.Builder::images),
        MORE_TOOLS(PromptSettings.Builder::additionalTools),
        CACHE_OPTIONS(PromptSettings.Builder::cacheOptions),
        BREAKPOINTS(PromptSettings.Builder::cacheBreakpoints),
        UPDATES(PromptSettings.Builder::configurationUpdates),
        IN_INPUT(PromptSettings.Builder::instructionsInInput);

        private final BiConsumer<PromptSettings.Builder, Boolean> setting;

        Capability(BiConsumer<PromptSettings.Builder, Boolean> setting) {
            this.setting = setting;
        }
    }

    private static final Set<Capability> NONE = EnumSet.noneOf(Capability.class);
    private static final Set<Capability> IMAGES = EnumSet.of(Capability.IMAGES);
    private static final Set<Capability> THINKS = EnumSet.of(Capability.REASONING);
    private static final Set<Capability> SEES = EnumSet.of(Capability.REASONING, Capability.IMAGES);
    private static final Set<Capability> GPT_5 = plus(SEES, Capability.CUSTOM);
    private static final Set<Capability> GPT_5_4 = plus(GPT_5, Capability.MORE_TOOLS);
    private static final Set<Capability> GPT_5_6 = plus(GPT_5_4, Capability.CACHE_OPTIONS, Capability.BREAKPOINTS);
    private static final Set<Capability> GPT_6 = plus(GPT_5_6, Capability.UPDATES);
    private static final Set<Capability> GPT_6_2 = plus(GPT_6, Capability.IN_INPUT);

    private static final Capabilities PLAIN = new Capabilities("", 0, 0, NONE);

    /** The first row that fits counts; one with a minor version fits that version and later ones of its family. */
    private static final List<Capabilities> KNOWN = List.of(
            new Capabilities("gpt-6", 2, 272_000, GPT_6_2),
            new Capabilities("gpt-6", 0, 272_000, GPT_6),
            new Capabilities("gpt-5-chat", 0, 128_000, IMAGES),
            new Capabilities("gpt-5", 6, 272_000, GPT_5_6),
            new Capabilities("gpt-5", 4, 272_000, GPT_5_4),
            new Capabilities("gpt-5", 0, 272_000, GPT_5),
            new Capabilities("codex-mini", 0, 200_000, SEES),
            new Capabilities("o1-mini", 0, 128_000, NONE),
            new Capabilities("o3-mini", 0, 200_000, THINKS),
            new Capabilities("o1", 0, 200_000, SEES),
            new Capabilities("o3", 0, 200_000, SEES),
            new Capabilities("o4", 0, 200_000, SEES),
            new Capabilities("gpt-4.1", 0, 1_047_576, IMAGES),
            new Capabilities("gpt-4o", 0, 128_000, IMAGES),
            new Capabilities("gpt-4.5", 0, 128_000, IMAGES));

    private static final Pattern MINOR = Pattern.compile("\\.(\\d{1,4}).*");

    private static Set<Capability> plus(Set<Capability> earlier, Capability... more) {
        Set<Capability> all = EnumSet.copyOf(earlier);
        all.addAll(Arrays.asList(more));
        return all;
    }

    /** The capabilities by a model's name; a gateway's {@code vendor/} and a {@code ft:} before it do not count. */
    static Capabilities of(String model) {
        String name = model.substring(model.lastIndexOf('/') + 1);
        String base = name.startsWith("ft:") ? name.substring("ft:".length()) : name;
        return KNOWN.stream().filter(known -> known.fits(base)).findFirst().orElse(PLAIN);
    }

    private boolean fits(String name) {
        return name.startsWith(family) && minorOf(name.substring(family.length())) >= minor;
    }

    private static int minorOf(String rest) {
        Matcher matcher = MINOR.matcher(rest);
        return matcher.matches() ? Integer.parseInt(matcher.group(1)) : 0;
    }

    PromptSettings.Builder settings(String model) {
        PromptSettings.Builder settings = PromptSettings.of(model).contextWindow(contextWindow);
        for (Capability capability : Capability.values()) {
            capability.setting.accept(settings, has.contains(capability));
        }
        return settings;
    }
}
