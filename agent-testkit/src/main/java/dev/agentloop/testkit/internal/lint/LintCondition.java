package dev.agentloop.testkit.internal.lint;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * One thing in which a process of the linter's differs from the others.
 *
 * @param name what it is, as an error says it
 * @param kind what a value that goes with it is likely to be
 * @param options for the Java virtual machine; a later one replaces an earlier one
 * @param environment variables to set
 * @param folder the working folder, below the linter's own
 * @param days by which the clock is ahead, for a host that takes one
 * @param java the JDK
 */
record LintCondition(
        String name,
        String kind,
        List<String> options,
        Map<String, String> environment,
        String folder,
        int days,
        Path java) {

    /** The folders that the linter makes. */
    static final List<String> FOLDERS = List.of("here", "there", "temporary", "temporary-too");

    private static final int DAYS = 400;
    private static final String IDENTITY = "with other identity hash codes";

    /** What all conditions differ from. Each of its launches is one more chance for what is random to show. */
    static LintCondition usual(Path java) {
        return new LintCondition(
                "from launch to launch",
                "",
                List.of(
                        "-XX:+IgnoreUnrecognizedVMOptions",
                        "-XX:+UnlockExperimentalVMOptions",
                        "-XX:+UnlockDiagnosticVMOptions",
                        "-XX:TieredStopAtLevel=1",
                        "-XX:+UseSerialGC",
                        "-Xshare:auto",
                        "-XX:ActiveProcessorCount=2",
                        "-Xmx256m",
                        "-Duser.timezone=UTC",
                        "-Duser.language=en",
                        "-Duser.country=US",
                        "-Duser.name=alice",
                        "-Dfile.encoding=UTF-8",
                        "-Djava.io.tmpdir=temporary"),
                Map.of("USER", "alice", "LOGNAME", "alice", "HOSTNAME", "host-1", "COMPUTERNAME", "HOST-1"),
                "here",
                0,
                java);
    }

    /** The conditions beside the usual one, without other JDKs. */
    static List<LintCondition> all(LintCondition usual, boolean takesClock) {
        List<LintCondition> all = new ArrayList<>();
        all.add(usual.with(IDENTITY, "an identity hash code", "-XX:hashCode=3"));
        all.add(usual.with(IDENTITY, "an identity hash code", "-XX:hashCode=0"));
        if (takesClock) {
            all.add(new LintCondition(
                    "with a clock " + DAYS + " days ahead",
                    "a time",
                    usual.options,
                    usual.environment,
                    usual.folder,
                    DAYS,
                    usual.java));
        }
        // Whatever the hour, one of the two has another date than the usual UTC.
        all.add(usual.with("in the time zone UTC+14", "a time", "-Duser.timezone=Etc/GMT-14"));
        all.add(usual.with("in the time zone UTC-12", "a time", "-Duser.timezone=Etc/GMT+12"));
        all.add(usual.locale("de-DE", "de", "DE", ""));
        all.add(usual.locale("tr-TR", "tr", "TR", ""));
        all.add(usual.locale("ar-EG", "ar", "EG", ""));
        all.add(usual.locale("th-TH with Thai digits", "th", "TH", "TH"));
        all.add(usual.with(
                "with the default charset ISO-8859-1", "text in the default charset", "-Dfile.encoding=ISO-8859-1"));
        all.add(usual.with("with the line separator of Windows", "a line separator", "-Dline.separator=\r\n"));
        all.add(usual.with(
                "with another processor count and heap", "a number", "-XX:ActiveProcessorCount=1", "-Xmx320m"));
        all.add(usual.with("with another temporary folder", "a path", "-Djava.io.tmpdir=temporary-too"));
        all.add(new LintCondition(
                "in another working folder", "a path", usual.options, usual.environment, "there", 0, usual.java));
        all.add(usual.with("as another user", "a user name", "-Duser.name=bob")
                .in(Map.of("USER", "bob", "LOGNAME", "bob")));
        all.add(usual.with("on another host", "a host name")
                .in(Map.of("HOSTNAME", "host-2", "COMPUTERNAME", "HOST-2")));
        return all;
    }

    /**
     * Whether what differs is volatile with no thing that a person would know: what is random, and identity hash codes,
     * which depend on all that ran before. It then differs under other conditions too.
     */
    boolean explainsAll() {
        return name.equals(IDENTITY) || kind.isEmpty();
    }

    private LintCondition with(String otherName, String otherKind, String... more) {
        List<String> all = new ArrayList<>(options);
        all.addAll(List.of(more));
        return new LintCondition(otherName, otherKind, all, environment, folder, days, java);
    }

    private LintCondition locale(String otherName, String language, String country, String variant) {
        return with(
                "in the locale " + otherName,
                "text in the default locale",
                "-Duser.language=" + language,
                "-Duser.country=" + country,
                "-Duser.variant=" + variant);
    }

    private LintCondition in(Map<String, String> variables) {
        Map<String, String> all = new TreeMap<>(environment);
        all.putAll(variables);
        return new LintCondition(name, kind, options, all, folder, days, java);
    }

    /** The same on another JDK. */
    LintCondition on(Path otherJava) {
        return new LintCondition(
                "on the JDK in " + otherJava,
                "what differs between JDKs",
                options,
                environment,
                folder,
                days,
                otherJava);
    }
}
