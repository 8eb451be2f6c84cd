package dev.agentloop.tools.internal.command;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * A command line of a POSIX shell, split into simple commands and their words as the shell would split it.
 *
 * <p>The line is <em>plain</em> if what is written is exactly what is run: words, quoted or not, joined by {@code &&},
 * {@code ||}, {@code ;}, {@code |} and line ends. Any expansion, substitution, redirection, glob, background job or
 * group makes it not plain. Its commands are then only a rough reading, and nothing to trust.
 *
 * @param plain whether {@code commands} is exactly what the shell runs
 * @param commands the words of each simple command, quotes removed
 * @param joints what stands between each command and the next, one less than there are commands if the line is plain
 */
record CommandLine(boolean plain, List<List<String>> commands, List<String> joints) {

    CommandLine {
        commands = List.copyOf(commands);
        joints = List.copyOf(joints);
    }

    static CommandLine parse(String text) {
        return new Splitter(text).split();
    }

    private static final class Splitter {
        private static final String EXPANDS = "$`*?[{}~";
        private static final String ESCAPABLE_IN_QUOTES = "$`\"\\";

        private final String text;
        private final List<List<String>> commands = new ArrayList<>();
        private final List<String> joints = new ArrayList<>();
        private final StringBuilder word = new StringBuilder();
        private List<String> words = new ArrayList<>();
        private boolean inWord;
        private boolean plain = true;
        private int at;

        Splitter(String text) {
            this.text = text;
        }

        CommandLine split() {
            while (at < text.length()) {
                step(text.charAt(at++));
            }
            endWord();
            if (!words.isEmpty()) {
                commands.add(words);
            } else if (commands.isEmpty() || isDangling()) {
                plain = false;
            } else {
                joints.remove(joints.size() - 1);
            }
            return new CommandLine(plain, commands, joints);
        }

        /** Whether the last joint asks for a command that does not come. */
        private boolean isDangling() {
            return !joints.get(joints.size() - 1).equals(";");
        }

        private void step(char c) {
            switch (c) {
                case ' ', '\t' -> endWord();
                case '\n' -> endLine();
                case ';', '&', '|' -> operator(c);
                case '(', ')', '<', '>', '`' -> breakOff();
                case '\'' -> singleQuoted();
                case '"' -> doubleQuoted();
                case '\\' -> escaped();
                case '#' -> comment();
                case '\0', '\r' -> plain = false;
                default -> literal(c);
            }
        }

        private void literal(char c) {
            // Shells, and their ports, do not agree on where a word ends in text that is not ASCII.
            plain &= c > ' ' && c < 0x7F && EXPANDS.indexOf(c) < 0;
            add(c);
        }

        private void operator(char c) {
            boolean doubled = at < text.length() && text.charAt(at) == c;
            at += doubled ? 1 : 0;
            char following = at < text.length() ? text.charAt(at) : ' ';
            boolean lone = c == '&' && !doubled || c == ';' && (doubled || following == '&');
            if (lone || c == '|' && !doubled && following == '&') {
                plain = false;
            }
            endCommand(doubled ? "" + c + c : "" + c);
        }

        /** A line end stands for {@code ;}, but not where a command is still to come. */
        private void endLine() {
            endWord();
            if (!words.isEmpty()) {
                endCommand(";");
            }
        }

        private void breakOff() {
            plain = false;
            endWord();
            if (!words.isEmpty()) {
                endCommand(";");
            }
        }

        private void endCommand(String joint) {
            endWord();
            if (words.isEmpty()) {
                plain = false;
                return;
            }
            commands.add(words);
            joints.add(joint);
            words = new ArrayList<>();
        }

        private void endWord() {
            if (inWord) {
                words.add(word.toString());
                word.setLength(0);
                inWord = false;
            }
        }

        private void add(char c) {
            word.append(c);
            inWord = true;
        }

        private void singleQuoted() {
            int end = text.indexOf('\'', at);
            if (end < 0) {
                plain = false;
                end = text.length();
            }
            addQuoted(text.substring(at, end));
            at = Math.min(end + 1, text.length());
        }

        private void doubleQuoted() {
            StringBuilder quoted = new StringBuilder();
            while (at < text.length() && text.charAt(at) != '"') {
                char c = text.charAt(at++);
                char next = at < text.length() ? text.charAt(at) : ' ';
                if (c == '\\' && next == '\n') {
                    at++;
                } else if (c == '\\' && ESCAPABLE_IN_QUOTES.indexOf(next) >= 0) {
                    quoted.append(next);
                    at++;
                } else {
                    plain &= c != '$' && c != '`';
                    quoted.append(c);
                }
            }
            plain &= at < text.length();
            at = Math.min(at + 1, text.length());
            addQuoted(quoted.toString());
        }

        private void addQuoted(String quoted) {
            // A NUL cannot be handed to a program, and half a surrogate pair has no bytes.
            plain &= quoted.indexOf('\0') < 0
                    && StandardCharsets.UTF_8.newEncoder().canEncode(quoted);
            word.append(quoted);
            inWord = true;
        }

        private void escaped() {
            if (at == text.length()) {
                plain = false;
            } else if (text.charAt(at) == '\n') {
                at++;
            } else {
                char c = text.charAt(at++);
                plain &= c >= ' ' && c < 0x7F;
                add(c);
            }
        }

        private void comment() {
            if (inWord) {
                add('#');
                return;
            }
            int end = text.indexOf('\n', at);
            at = end < 0 ? text.length() : end;
        }
    }
}
