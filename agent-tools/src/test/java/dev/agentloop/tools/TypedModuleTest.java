package dev.agentloop.tools;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.lang.reflect.InvocationTargetException;
import java.nio.file.Path;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Typed tools where everything is a named module. */
final class TypedModuleTest {
    private static final String APP = """
            package com.example.app;

            import dev.agentloop.ToolCall;
            import dev.agentloop.tools.TypedAnswer;
            import dev.agentloop.tools.TypedTool;
            import org.jspecify.annotations.Nullable;

            public final class App {
                private record Words(String text, @Nullable String note) {}

                private enum Mood { CALM }

                private record Reply(String text, Mood mood) {}

                public static String schema() {
                    return TypedAnswer.of(Words.class).schema();
                }

                public static String run() throws Exception {
                    TypedTool<Words> tool = TypedTool.of(
                            "repeat", "Repeats", Words.class, (words, context) -> new Reply(words.text(), Mood.CALM));
                    return tool.call(ToolCall.function("1", "repeat", "{\\"text\\":\\"hi\\",\\"note\\":null}"), null).text();
                }
            }
            """;

    @TempDir
    Path folder;

    @Test
    void tool_ofRecordInClosedPackage_namesTheLineThatOpensIt() throws Exception {
        Throwable refusal = catchThrowable(() -> call("module com.example.app { %s }", "schema"));

        assertThat(refusal)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(
                        "com.example.app.App$Words cannot be reached: module com.example.app does not open its package."
                                + " Add this line to its module-info.java: opens com.example.app to dev.agentloop.tools;");
    }

    @Test
    void tool_withTheLineThatTheErrorNames_works() throws Exception {
        String message = catchThrowable(() -> call("module com.example.app { %s }", "schema"))
                .getMessage();
        Matcher line = Pattern.compile("opens .*;").matcher(message);
        assertThat(line.find()).isTrue();

        assertThat(call("module com.example.app { %s " + line.group() + " }", "run"))
                .isEqualTo("{\"text\":\"hi\",\"mood\":\"CALM\"}");
    }

    /** With {@code requires static} the annotation's class may be missing at run time, and the JVM drops it unsaid. */
    @Test
    void nullable_ofModuleThatRequiresJSpecify_isSeen() throws Exception {
        assertThat(call("module com.example.app { %s opens com.example.app; }", "schema"))
                .isEqualTo("{\"type\":\"object\",\"properties\":{\"text\":{\"type\":\"string\"},"
                        + "\"note\":{\"type\":[\"string\",\"null\"]}},\"required\":[\"text\",\"note\"],"
                        + "\"additionalProperties\":false}");
    }

    private String call(String descriptor, String method) throws Exception {
        String requires = "requires dev.agentloop.tools; requires dev.agentloop.core;"
                + " requires org.jspecify; exports com.example.app;";
        ClassLoader loader = CompiledModule.load(
                folder,
                "com.example.app",
                Map.of("module-info.java", descriptor.replace("%s", requires), "com/example/app/App.java", APP));
        try {
            return (String)
                    loader.loadClass("com.example.app.App").getMethod(method).invoke(null);
        } catch (InvocationTargetException e) {
            throw (Exception) e.getCause();
        }
    }
}
