package dev.agentloop.testkit.internal.talk;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The texts of one talk: each has a word that no other text has, so it is known wherever it turns up. Thread-safe. */
final class Words {
    private static final Pattern WORD = Pattern.compile("cnry[0-9a-z]+x[0-9]+q");
    /** What is hard to carry: quotes, controls, halves of surrogate pairs, other line ends. */
    private static final List<String> ODD = List.of(
            "",
            " and plain words",
            " \"quoted\\ \\n",
            " \u0000\u0007\u001b[31m",
            " \ud83d",
            " \udc00 after it",
            " \ud83d\ude00 \u00e9 \u6f22",
            " \u2028\u2029\u0085",
            "\r\n\t ");

    private final String talk;
    private final AtomicInteger count = new AtomicInteger();

    /** Of the talk of that name, of digits and small letters. */
    Words(String talk) {
        this.talk = talk;
    }

    /** A word that no text has yet. */
    String next() {
        return "cnry" + talk + "x" + count.incrementAndGet() + "q";
    }

    /** A text with a word of its own. */
    String text(Random random) {
        return text(next(), random);
    }

    /** A text with that word. */
    static String text(String word, Random random) {
        String more = random.nextInt(6) == 0 ? " " + "w".repeat(random.nextInt(300)) : "";
        return word + ODD.get(random.nextInt(ODD.size())) + more;
    }

    /** The words that a text has, in order. */
    static Set<String> in(String text) {
        Set<String> words = new LinkedHashSet<>();
        Matcher matcher = WORD.matcher(text);
        while (matcher.find()) {
            words.add(matcher.group());
        }
        return words;
    }
}
