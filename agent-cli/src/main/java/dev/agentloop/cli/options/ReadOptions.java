package dev.agentloop.cli.options;

import dev.agentloop.Limits;
import dev.agentloop.cli.store.StorePlace;
import dev.agentloop.cli.terminal.TerminalText;
import dev.agentloop.cli.terminal.UsageException;
import java.math.BigDecimal;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What the command line says to a command that only reads. Immutable.
 *
 * @param store where the conversations are
 * @param conversation the conversation that is meant; empty where the command takes none
 * @param json whether to print data in place of text
 * @param full whether to print texts whole
 * @param all whether to look at all conversations
 * @param prices what tokens cost; null where it was not said
 * @param repeated the words of this command line that the next one about these conversations must repeat
 */
public record ReadOptions(
        StorePlace store,
        String conversation,
        boolean json,
        boolean full,
        boolean all,
        Limits.@Nullable Prices prices,
        List<String> repeated) {

    /** Collects what the words say. */
    private static final class Parser {
        private final String command;
        private final Deque<String> words;
        private @Nullable String store;
        private @Nullable String conversation;
        private boolean json;
        private boolean full;
        private boolean all;
        private Limits.@Nullable Prices prices;

        Parser(String command, List<String> words) {
            this.command = command;
            this.words = new ArrayDeque<>(words);
        }

        void readAll() {
            while (!words.isEmpty()) {
                String word = words.remove();
                int equals = word.startsWith("--") ? word.indexOf('=') : -1;
                String name = equals < 0 ? word : word.substring(0, equals);
                if (!word.startsWith("-")) {
                    conversation(word);
                } else {
                    read(name, equals < 0 ? null : word.substring(equals + 1));
                }
            }
            if (command.equals("log") && conversation == null) {
                throw new UsageException("log needs a conversation's id, the beginning of one, or last");
            }
        }

        private void conversation(String word) {
            if (!command.equals("log") || conversation != null) {
                throw new UsageException(command + " does not know what to do with " + TerminalText.line(word));
            }
            conversation = word;
        }

        private void read(String name, @Nullable String given) {
            switch (command + " " + name) {
                case "log --store", "approvals --store" -> store = value(name, given);
                case "log --prices" -> prices = prices(value(name, given));
                case "log --json" -> json = true;
                case "log --full" -> full = true;
                case "approvals --all" -> all = true;
                default -> throw new UsageException(command + " has no option " + name);
            }
        }

        private String value(String name, @Nullable String given) {
            String value = given != null ? given : words.poll();
            if (value == null || value.isEmpty()) {
                throw new UsageException(name + " needs a value");
            }
            return value;
        }

        private static Limits.Prices prices(String value) {
            if (!value.matches("\\d{1,9}(\\.\\d{1,9})?(,\\d{1,9}(\\.\\d{1,9})?){3}")) {
                throw new UsageException(
                        "--prices needs what a million tokens cost, as input,cached,written,output, such"
                                + " as 1.25,0.125,1.25,10; not \"" + TerminalText.line(value) + "\"");
            }
            String[] each = value.split(",");
            return new Limits.Prices(
                    new BigDecimal(each[0]), new BigDecimal(each[1]), new BigDecimal(each[2]), new BigDecimal(each[3]));
        }
    }

    /**
     * The options in these words.
     *
     * @param command {@code log} or {@code approvals}
     * @throws UsageException if they are none
     */
    public static ReadOptions parse(String command, List<String> words, Map<String, String> environment) {
        Parser parser = new Parser(command, words);
        parser.readAll();
        StorePlace store = StorePlace.parse(parser.store, environment);
        return new ReadOptions(
                store,
                parser.conversation == null ? "" : parser.conversation,
                parser.json,
                parser.full,
                parser.all,
                parser.prices,
                List.of("--store", store.shown()));
    }
}
