package dev.agentloop;

import dev.agentloop.internal.JsonFields;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Keeps the fixed fields of the request in line with the loop as it is built now. A change that no message can express
 * begins an epoch, by an entry that says why; tools, instructions and, where the model takes updates, the effort do not.
 */
final class EpochStart {
    /** The reason of an epoch that the host has asked for. */
    static final String TOOLS_REPINNED = "tools_repinned";

    private static final List<String> APPENDED = List.of("tools", "parallel_tool_calls", "instructions");

    private final RunScope run;

    EpochStart(RunScope run) {
        this.run = run;
    }

    /** Puts the first epoch of a conversation into the journal, or a new one where the settings differ from the pinned ones. */
    void beginIfChanged() {
        if (!run.fold().hasPrompt()) {
            String head = run.config()
                    .settings(settings(), run.log().id())
                    .head(run.toolbox().json(settings().customTools()));
            run.journal().add(Draft.epoch("conversation_started", head, null));
            return;
        }
        String change = change(pinned(run.fold()));
        if (change != null) {
            begin(change);
        }
    }

    /** Puts an epoch into the journal that declares the tools as they are now. */
    void repinTools() {
        begin(TOOLS_REPINNED);
    }

    /** The fixed fields of the prompt as it is. */
    static JsonFields pinned(Fold fold) {
        return JsonFields.of(fold.prompt().head().getBytes(StandardCharsets.UTF_8));
    }

    /** The effort in the fixed fields, or null. */
    static @Nullable String effort(JsonFields head) {
        JsonFields reasoning = head.inner("reasoning");
        return reasoning == null ? null : reasoning.text("effort");
    }

    private PromptSettings settings() {
        return run.settings();
    }

    private @Nullable String change(JsonFields pinned) {
        PromptSettings now = run.config().settings(settings(), ItemBytes.orEmpty(pinned.text("prompt_cache_key")));
        if (now.configurationUpdates() && now.effort() != null) {
            now = now.withEffort(effort(pinned));
        } else if (run.fold().appended().effort() != null) {
            // The updates in the prompt would go on to hold, or the model does not take them.
            return "reasoning_effort_changed";
        }
        String reason = PrefixDifference.firstChange(
                pinned, JsonFields.of(now.head("").getBytes(StandardCharsets.UTF_8)), APPENDED);
        return PrefixDifference.INPUT_CHANGED.equals(reason) ? "settings_changed" : reason;
    }

    private void begin(String reason) {
        Prompt before = run.fold().prompt();
        PromptSettings now = run.config()
                .settings(settings(), ItemBytes.orEmpty(pinned(run.fold()).text("prompt_cache_key")));
        List<Item> all = List.copyOf(before.items());
        List<Item> kept = new ArrayList<>(all);
        kept.removeIf(item -> !takes(now, item));
        if (!now.cacheBreakpoints()) {
            kept.replaceAll(CacheBreakpoint::without);
        }
        AppendedSettings appended = new AppendedSettings();
        kept.forEach(appended::note);
        String head = now.head(
                run.toolbox().json(settings().customTools(), appended.tools().keySet()));
        boolean same = kept.equals(all);
        if (same && head.equals(before.head())) {
            return;
        }
        run.journal().add(Draft.epoch(reason, head, same ? null : kept));
        run.journal()
                .then(() ->
                        run.events().tell(new AgentEvent.EpochStarted(run.fold().epoch(), reason)));
        if (!before.model().equals(now.model())) {
            run.journal()
                    .add(Draft.item(
                            Draft.ITEM_CONTEXT + "model_switch",
                            Item.developer("<model_switch>\nWhat came before was answered by " + before.model()
                                    + ". From here on the model is " + now.model() + ".\n</model_switch>")));
        }
    }

    private static boolean takes(PromptSettings settings, Item item) {
        return switch (item.type()) {
            case AppendedSettings.UPDATE -> settings.configurationUpdates() && settings.effort() != null;
            case AppendedSettings.TOOLS -> settings.additionalTools();
            default -> true;
        };
    }
}
