package dev.agentloop.internal.setup;

import dev.agentloop.ApprovalPolicy;
import dev.agentloop.Item;
import dev.agentloop.internal.PathText;
import java.io.File;
import java.nio.file.Path;
import java.time.Clock;
import java.time.LocalDate;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What the model is told of its rights, its project and its surroundings, in the order and the tags of Codex. Each section
 * is one item, appended when it is new and again when it has changed.
 *
 * @param workspace the working directory, or null for none
 */
public record WorkspaceContext(
        @Nullable Path workspace, @Nullable String developerInstructions, ApprovalPolicy approval, Clock clock) {

    /** The sections by name, in the order in which the model is to see them. */
    public Map<String, Item> now() {
        Map<String, Item> sections = new LinkedHashMap<>();
        if (workspace != null && approval instanceof ModePolicy policy) {
            sections.put("permissions", Item.developer(permissions(policy)));
        }
        if (developerInstructions != null) {
            sections.put("developer", Item.developer(developerInstructions));
        }
        if (workspace != null) {
            AgentsFiles.read(workspace)
                    .ifPresent(text -> sections.put("agents_md", Item.user(agentsMd(workspace, text))));
            sections.put("environment", Item.user(environment(workspace)));
        }
        return sections;
    }

    /** What the model is told in the place of each section that it was told once and that there is no more, by name. */
    public static Map<String, Item> gone() {
        String gone =
                " that you were given earlier in this conversation do not hold any more. None have come in their place.";
        Map<String, Item> sections = new LinkedHashMap<>();
        sections.put(
                "permissions",
                Item.developer("<permissions instructions>\nThe permissions" + gone + "\n</permissions instructions>"));
        sections.put("developer", Item.developer("The developer instructions" + gone));
        sections.put("agents_md", Item.user("# AGENTS.md instructions\n\nAll AGENTS.md instructions" + gone));
        sections.put(
                "environment", Item.user("<environment_context>\n  The facts" + gone + "\n</environment_context>"));
        return sections;
    }

    /** The AGENTS.md files that they are made of, outer ones first. */
    public List<Path> agentsFiles() {
        return workspace == null ? List.of() : AgentsFiles.files(workspace);
    }

    private static String permissions(ModePolicy policy) {
        String rights = switch (policy.rights()) {
            case READ_ONLY -> "You may read files and run commands that are known to only read.";
            case WORKSPACE_WRITE ->
                "You may read files, change files inside the workspace with the file tools, and"
                        + " run commands that are known to only read. Other commands reach beyond that.";
            case FULL_ACCESS -> "You may read and change files and run any command.";
        };
        String mode = switch (policy.mode()) {
            case UNTRUSTED -> "Everything that does more than read is put to the user for approval first.";
            case ON_REQUEST -> "What reaches beyond your rights is put to the user for approval first.";
            case NEVER -> "Nobody is there to approve: what reaches beyond your rights is refused.";
        };
        return "<permissions instructions>\n" + rights + "\n" + mode + "\n</permissions instructions>";
    }

    private static String agentsMd(Path workspace, String text) {
        return "# AGENTS.md instructions for " + PathText.text(workspace)
                + "\n\nThese replace all AGENTS.md instructions given earlier in"
                + " this conversation.\n\n<INSTRUCTIONS>\n" + text + "\n</INSTRUCTIONS>";
    }

    private String environment(Path directory) {
        return "<environment_context>\n"
                + "  <cwd>" + PathText.text(directory) + "</cwd>\n"
                + "  <shell>" + shell() + "</shell>\n"
                + "  <current_date>" + LocalDate.now(clock) + "</current_date>\n"
                + "  <timezone>" + clock.getZone() + "</timezone>\n"
                + "</environment_context>";
    }

    private static String shell() {
        if (File.separatorChar == '\\') {
            return "powershell";
        }
        return new File("/bin/bash").exists() ? "bash" : "sh";
    }
}
