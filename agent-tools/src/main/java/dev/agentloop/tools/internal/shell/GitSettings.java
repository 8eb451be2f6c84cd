package dev.agentloop.tools.internal.shell;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiPredicate;

/**
 * Settings of git's that commands get in their environment, by the numbered variables {@code GIT_CONFIG_KEY_0} and so on.
 *
 * <p>A folder of the workspace may be a repository that somebody else wrote, with a configuration that names programs.
 * A bare one needs no {@code .git}, so {@code git status} or a prompt that calls git would obey it. Git runs no
 * {@code core.fsmonitor} with these, and takes for bare only what {@code --git-dir} names. A command can set them back.
 */
final class GitSettings {
    private static final String COUNT = "GIT_CONFIG_COUNT";
    private static final String KEY = "GIT_CONFIG_KEY_";
    private static final String VALUE = "GIT_CONFIG_VALUE_";
    private static final int MOST = 1_000;

    private static final List<Map.Entry<String, String>> CAREFUL =
            List.of(Map.entry("safe.bareRepository", "explicit"), Map.entry("core.fsmonitor", "false"));

    private GitSettings() {}

    /** Whether a variable is one of git's numbered settings, which are renumbered here. */
    static boolean isOne(String name) {
        return name.equals(COUNT) || name.startsWith(KEY) || name.startsWith(VALUE);
    }

    /**
     * The settings of the process, less those that may not be seen, then ours, then what the host has set for commands,
     * so that the host has the last word.
     *
     * @param allowed whether a key and its value may be seen
     */
    static Map<String, String> of(
            Map<String, String> process, BiPredicate<String, String> allowed, Map<String, String> host) {
        List<Map.Entry<String, String>> settings = new ArrayList<>(read(process));
        settings.removeIf(setting -> !allowed.test(setting.getKey(), setting.getValue()));
        settings.addAll(CAREFUL);
        settings.addAll(read(host));
        Map<String, String> variables = new HashMap<>(Map.of(COUNT, Integer.toString(settings.size())));
        for (int i = 0; i < settings.size(); i++) {
            variables.put(KEY + i, settings.get(i).getKey());
            variables.put(VALUE + i, settings.get(i).getValue());
        }
        return variables;
    }

    private static List<Map.Entry<String, String>> read(Map<String, String> variables) {
        List<Map.Entry<String, String>> settings = new ArrayList<>();
        String count = variables.getOrDefault(COUNT, "0");
        int number = count.matches("[0-9]{1,4}") ? Math.min(Integer.parseInt(count), MOST) : 0;
        for (int i = 0; i < number; i++) {
            String key = variables.get(KEY + i);
            String value = variables.get(VALUE + i);
            if (key != null && value != null) {
                settings.add(Map.entry(key, value));
            }
        }
        return settings;
    }
}
