package dev.agentloop.testkit.internal.lint;

import dev.agentloop.internal.JsonFields;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Values of today and of this machine that no process can be given others of; found by searching for them.
 *
 * @param values what each is, and the pattern by which it is found
 */
record KnownValues(Map<String, Pattern> values) {
    private static final List<String> DATES = List.of(
            "uuuu-MM-dd",
            "uuuuMMdd",
            "uuuu/MM/dd",
            "d MMMM uuuu",
            "d MMM uuuu",
            "MMMM d, uuuu",
            "MMM d, uuuu",
            "dd.MM.uuuu",
            "MM/dd/uuuu",
            "M/d/uuuu",
            "dd/MM/uuuu",
            "M/d/uu");

    private static final int SHORTEST_HOST = 4;

    /** The values of this moment and this machine. */
    static KnownValues here() {
        return of(Instant.now(), hostName(), Path.of(System.getProperty("user.home")));
    }

    static KnownValues of(Instant now, String host, Path home) {
        Map<String, Pattern> values = new LinkedHashMap<>();
        List<String> dates = new ArrayList<>();
        for (int hours : List.of(0, 14, -12)) {
            LocalDate date = now.atOffset(ZoneOffset.UTC).plusHours(hours).toLocalDate();
            DATES.forEach(
                    form -> dates.add(Pattern.quote(date.format(DateTimeFormatter.ofPattern(form, Locale.ENGLISH)))));
        }
        values.put("today's date", word(String.join("|", dates)));
        // The same ten thousand seconds, less than three hours, with or without milliseconds.
        String seconds = String.valueOf(now.getEpochSecond() / 10_000);
        values.put("the time, in seconds or milliseconds", word(seconds + "\\d{4}(?:\\d{3})?"));
        if (host.length() >= SHORTEST_HOST && host.matches(".*[\\d.-].*")) {
            values.put("this host's name", word(Pattern.quote(host)));
        }
        if (home.getNameCount() > 1) {
            values.put("the user's home folder", Pattern.compile(Pattern.quote(home.toString()) + "(?![\\w-])"));
        }
        return new KnownValues(values);
    }

    private static Pattern word(String pattern) {
        return Pattern.compile("(?<![\\w-])(?:" + pattern + ")(?![\\w-])|(?<![\\w-])(?:" + pattern + ")(?=T\\d)");
    }

    // A plain word for a name would be found in any prompt, so only a conspicuous one is searched for.
    private static String hostName() {
        try {
            return InetAddress.getLocalHost().getHostName();
        } catch (UnknownHostException e) {
            return "";
        }
    }

    /** The places in a request that hold one of the values. */
    List<LintFinding> in(byte[] request) {
        List<LintFinding> findings = new ArrayList<>();
        search("", JsonFields.of(request), findings);
        return findings;
    }

    private void search(String path, JsonFields fields, List<LintFinding> findings) {
        for (int i = 0; i < fields.all().size(); i++) {
            JsonFields.Field field = fields.all().get(i);
            String name = field.name();
            String section = path.isEmpty() ? name : name.isEmpty() ? path + "[" + i + "]" : path + "." + name;
            JsonFields inner = fields.inner(field);
            if (inner != null) {
                search(section, inner, findings);
            } else {
                String text = fields.text(field);
                found(section, field.start(), text == null ? fields.raw(field) : text, findings);
            }
        }
    }

    private void found(String section, int start, String text, List<LintFinding> findings) {
        values.forEach((name, pattern) -> {
            Matcher matcher = pattern.matcher(text);
            if (matcher.find()) {
                String value = RequestDifference.around(text, matcher.start());
                findings.add(new LintFinding(section, start, name, value, "", List.of()));
            }
        });
    }
}
