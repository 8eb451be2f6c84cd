package dev.agentloop.tools;

import static org.assertj.core.api.Assertions.assertThat;

import dev.agentloop.tools.internal.typed.MismatchException;
import dev.agentloop.tools.internal.typed.ValueWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** The same record gives the same text in every process, wherever in the world it runs. */
final class SchemaStabilityTest {

    @Test
    void texts_inOtherProcessLocaleAndTimeZone_areTheSame() throws Exception {
        Process process = new ProcessBuilder(List.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Duser.language=tr",
                        "-Duser.country=TR",
                        "-Duser.timezone=Asia/Kathmandu",
                        "-Dfile.encoding=ISO-8859-9",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Texts.class.getName()))
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        String elsewhere = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

        assertThat(process.waitFor()).isZero();
        assertThat(elsewhere).isEqualTo(Texts.all());
    }

    /** Every schema of the zoo, records written and read, and an error with a number in it. */
    static final class Texts {
        private Texts() {}

        public static void main(String[] arguments) {
            System.out.writeBytes(all().getBytes(StandardCharsets.UTF_8));
            System.out.flush();
        }

        static String all() {
            StringBuilder texts = new StringBuilder();
            for (Class<? extends Record> type : TypedZoo.STRICT) {
                texts.append(new RecordType<>(type, true).schema()).append('\n');
            }
            for (Class<? extends Record> type : TypedZoo.LENIENT) {
                texts.append(new RecordType<>(type, false).schema()).append('\n');
            }
            RandomRecords records = new RandomRecords(new Random(7));
            for (int i = 0; i < 20; i++) {
                texts.append(roundTrip(TypedZoo.Times.class, records)).append('\n');
                texts.append(roundTrip(TypedZoo.Numbers.class, records)).append('\n');
            }
            return texts.append(roundTrip(TypedZoo.Numbers.class, "{\"b\":1234567.5}"))
                    .toString();
        }

        private static <R extends Record> String roundTrip(Class<R> type, RandomRecords records) {
            return roundTrip(type, ValueWriter.json(records.next(type)));
        }

        private static <R extends Record> String roundTrip(Class<R> type, String json) {
            try {
                return ValueWriter.json(new RecordType<>(type, true).read(json));
            } catch (MismatchException e) {
                return e.getMessage();
            }
        }
    }
}
