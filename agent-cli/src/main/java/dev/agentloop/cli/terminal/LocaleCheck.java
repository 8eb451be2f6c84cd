package dev.agentloop.cli.terminal;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Whether the words of the command line have come through. The JDK reads them by the locale, and has put U+FFFD where the
 * locale knows no character: what was meant is lost, and nothing may be done with what is left.
 */
public final class LocaleCheck {
    private static final char LOST = '\uFFFD';

    private LocaleCheck() {}

    /**
     * Refuses what was spoiled on the way.
     *
     * @param encoding of the locale
     * @param folder where this program was started
     * @throws UsageException if something was
     */
    public static void check(String encoding, List<String> arguments, Map<String, String> environment, String folder) {
        if (encoding.equals("UTF-8")) {
            return;
        }
        for (int i = 0; i < arguments.size(); i++) {
            require(encoding, "word " + (i + 1) + " of the command line", arguments.get(i));
        }
        for (String name : List.of("HOME", "XDG_STATE_HOME")) {
            require(encoding, name, environment.get(name));
        }
        require(encoding, "the folder that this was started in", folder);
    }

    private static void require(String encoding, String what, @Nullable String text) {
        if (text != null && text.indexOf(LOST) >= 0) {
            throw new UsageException(what + " has a character that the encoding of this locale, " + encoding
                    + ", does not have. Set LC_ALL to a locale of UTF-8, such as C.UTF-8; \"locale -a\" lists those of this"
                    + " system");
        }
    }
}
