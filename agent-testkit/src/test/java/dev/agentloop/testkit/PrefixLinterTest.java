package dev.agentloop.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.agentloop.Item;
import dev.agentloop.Prompt;
import dev.agentloop.PromptSettings;
import dev.agentloop.Tool;
import dev.agentloop.ToolCall;
import dev.agentloop.ToolContext;
import dev.agentloop.ToolOutput;
import dev.agentloop.Toolbox;
import dev.agentloop.testkit.internal.lint.FakeJdk;
import java.io.File;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.LocalDate;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Tag("once")
class PrefixLinterTest {
    private static String report = "";

    private static Prompt prompt(String instructions, Tool... tools) {
        return Prompt.of(
                PromptSettings.of("gpt-5.1-codex").instructions(instructions).build(), Toolbox.of(List.of(tools)));
    }

    /** A tool of which nothing but its specification is used. */
    private record Declared(Specification specification) implements Tool {
        Declared(String name, String description, String parameters) {
            this(new Specification(name, description, parameters, false, null));
        }

        @Override
        public ToolOutput call(ToolCall call, ToolContext context) {
            return ToolOutput.text("");
        }
    }

    private static String object(Iterable<String> properties) {
        StringBuilder schema = new StringBuilder("{\"type\":\"object\",\"properties\":{");
        properties.forEach(name -> schema.append(schema.toString().endsWith("{") ? "" : ",")
                .append('"')
                .append(name)
                .append("\":{\"type\":\"string\"}"));
        return schema.append("}}").toString();
    }

    /** Has what is volatile where the linter should find it, a kind in each place. */
    public static final class Volatile implements Supplier<Prompt> {
        @Override
        public Prompt get() {
            Map<TimeUnit, String> byIdentity = new HashMap<>();
            for (TimeUnit unit : TimeUnit.values()) {
                byIdentity.put(unit, unit.name());
            }
            return prompt(
                            "You are careful. Today is " + LocalDate.now(ZoneId.systemDefault()) + ".",
                            new Declared("a_hash_map", "Reads.", object(byIdentity.values())),
                            new Declared(
                                    "b_map_of",
                                    "Reads.",
                                    object(Map.of("one", 1, "two", 2, "three", 3, "four", 4, "five", 5, "six", 6)
                                            .keySet())),
                            new Declared(
                                    "c_number",
                                    "At most " + String.format(Locale.getDefault(), "%,d", 10_000) + " lines.",
                                    "{}"),
                            new Declared("d_set", "One of " + Set.of("red", "green", "blue", "black", "white"), "{}"))
                    .plus(List.of(
                            item("Time zone: " + ZoneId.systemDefault()),
                            item("Host: " + System.getenv("HOSTNAME")),
                            item("Session " + UUID.randomUUID()),
                            item("Runs " + new Object()),
                            item("Use " + System.getProperty("java.io.tmpdir")),
                            item("Folder: " + new File("").getAbsolutePath()),
                            item("User: " + System.getProperty("user.name")),
                            item("TITLE is title".toLowerCase(Locale.getDefault())),
                            item("line 1" + System.lineSeparator() + "line 2"),
                            item("Grüße has " + "Grüße".getBytes(Charset.defaultCharset()).length + " bytes"),
                            item("Threads: " + Runtime.getRuntime().availableProcessors()),
                            item("At " + System.currentTimeMillis()),
                            item("It is "
                                    + LocalTime.now(ZoneId.systemDefault()).withNano(0))));
        }

        private static Item item(String text) {
            return Item.user(text);
        }
    }

    @BeforeAll
    static void lint() {
        AssertionError error = catchThrowableOfType(AssertionError.class, () -> PrefixLinter.check(Volatile.class));
        report = String.valueOf(error.getMessage());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            instructions                             | a date                | in the time zone UTC
            tools[0].parameters.properties           | an order              | with other identity hash codes
            tools[1].parameters.properties           | an order              | from launch to launch
            tools[2].description                     | a number              | in the locale
            tools[3].description                     | an order              | from launch to launch
            input[0].content[0].text                 | a time zone           | in the time zone UTC+14
            input[1].content[0].text                 | a host name           | on another host
            input[2].content[0].text                 | a UUID                | from launch to launch
            input[3].content[0].text                 | an identity hash code | with other identity hash codes
            input[4].content[0].text                 | a path                | with another temporary folder
            input[5].content[0].text                 | a path                | in another working folder
            input[6].content[0].text                 | a user name           | as another user
            input[7].content[0].text                 | text in the default locale | in the locale tr-TR
            input[8].content[0].text                 | a line separator      | with the line separator of Windows
            input[9].content[0].text                 | a number              | with the default charset
            input[10].content[0].text                | a number              | with another processor count
            input[11].content[0].text                | a time in seconds or milliseconds | from launch to launch
            input[12].content[0].text                | a time                |
            """)
    void volatileValue_isNamed(String section, String kind, String condition) {
        assertThat(report.lines().filter(line -> line.startsWith("- " + section + ",")))
                .as("%s", report)
                .singleElement()
                .asString()
                .matches("- .*, byte \\d+: " + Pattern.quote(kind) + ".*")
                .contains(", which differs ", condition == null ? "" : condition);
    }

    @Test
    void report_saysHowManyWithBothValuesAndWhatToDo() {
        assertThat(report)
                .startsWith(
                        "the prompt of dev.agentloop.testkit.PrefixLinterTest$Volatile is not the same everywhere, so a"
                                + " provider would not find it in its cache; 18 places hold what changes:\n- instructions, byte ")
                .contains("\n      \"Host: host-1\"\n      \"Host: host-2\"\n")
                .endsWith("allow(\"input[1]\") accepts one.");
        assertThat(report.lines().filter(line -> line.startsWith("- "))).hasSize(18);
    }

    /** Has what differs in a year, tomorrow, and on another JDK. */
    public static final class Dated implements Supplier<Prompt> {
        private final Clock clock;

        public Dated(Clock clock) {
            this.clock = clock;
        }

        @Override
        public Prompt get() {
            return prompt("JDK " + System.getProperty("test.jdk", "of the test"))
                    .plus(List.of(
                            Item.user("Year " + LocalDate.now(clock).getYear()),
                            Item.user("Today is " + LocalDate.now(ZoneOffset.UTC))));
        }
    }

    @Test
    void clockAndJdk_areVaried_andTodaysDateIsFound(@TempDir Path folder) throws Exception {
        Path home = FakeJdk.in(folder.resolve("jdk"), 99);
        Files.writeString(
                home.resolve("bin/java"),
                "#!/bin/sh\nexec '" + System.getProperty("java.home") + "/bin/java' -Dtest.jdk=other \"$@\"\n");
        PrefixLinter linter = PrefixLinter.of(Dated.class).withJava(home);

        assertThatThrownBy(linter::check)
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("3 places hold what changes")
                .hasMessageContaining("what differs between JDKs, which differs on the JDK in " + home)
                .hasMessageContaining("\"JDK of the test\"\n      \"JDK other\"")
                .hasMessageContaining("input[0].content[0].text, byte ")
                .hasMessageContaining("which differs with a clock 400 days ahead")
                .hasMessageContaining("input[1].content[0].text, byte ")
                .hasMessageContaining("today's date stands in it\n      \"Today is " + LocalDate.now(ZoneOffset.UTC));
        linter.allow("instructions", "input[0]").allow("input[1].content").check();
    }

    /** Does not work everywhere. */
    public static final class Failing implements Supplier<Prompt> {
        @Override
        public Prompt get() {
            if (String.format(Locale.getDefault(), "%d", 7).charAt(0) != '7') {
                throw new IllegalStateException("no such digit");
            }
            return prompt("You are careful.");
        }
    }

    @Test
    void promptThatCannotBeBuilt_isShownWithWhatWasSaid() {
        assertThatThrownBy(() -> PrefixLinter.check(Failing.class))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("PrefixLinterTest$Failing in the locale ar-EG failed with exit code 1")
                .hasMessageContaining("no such digit");
    }

    private static final class Hidden implements Supplier<Prompt> {
        @Override
        public Prompt get() {
            return prompt("");
        }
    }

    @Test
    void classThatCannotBeBuiltElsewhere_isRefused() {
        assertThatThrownBy(() -> PrefixLinter.of(Hidden.class))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("Hidden must be a public class with a public constructor");
        assertThatThrownBy(() -> PrefixLinter.of(Dated.class)
                        .withJava(Path.of("/nowhere"))
                        .check())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("there is no JDK in /nowhere: it has no bin/java");
    }
}
