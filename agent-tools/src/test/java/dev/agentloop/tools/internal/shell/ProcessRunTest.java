package dev.agentloop.tools.internal.shell;

import static dev.agentloop.tools.internal.shell.ProcessLeaks.runningWith;
import static dev.agentloop.tools.internal.shell.ProcessLeaks.uniqueSeconds;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.agentloop.internal.ProcessTree;
import dev.agentloop.tools.internal.shell.ProcessRun.Ending;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@DisabledOnOs(OS.WINDOWS)
@Tag("once")
class ProcessRunTest {
    private static final Duration LONG = Duration.ofMinutes(1);
    private static final Duration SHORT = Duration.ofSeconds(1);
    private static final int CAPTURE = 1 << 20;

    @TempDir
    private Path directory;

    @Test
    void run_thatExits_givesItsCodeAndBothOutputsInOrder() throws Exception {
        ProcessRun.Result result = run("echo one; echo two >&2; echo three; exit 3", LONG);

        assertThat(result.ending()).isEqualTo(Ending.EXITED);
        assertThat(result.exitCode()).isEqualTo(3);
        assertThat(result.output()).isEqualTo("one\ntwo\nthree\n");
        assertThat(result.lines()).isEqualTo(3);
        assertThat(result.ended()).isZero();
    }

    @Test
    void run_endedByASignal_gives128AndItsNumber() throws Exception {
        assertThat(run("kill -KILL $$", LONG).exitCode()).isEqualTo(137);
    }

    @Test
    void run_readingItsInput_findsItClosed() throws Exception {
        ProcessRun.Result result = run("cat; read line; echo \"read: $?\"", LONG);

        assertThat(result.output()).isEqualTo("read: 1\n");
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void run_onLinux_hasNoTerminalAndASessionOfItsOwn() throws Exception {
        ProcessRun.Result result =
                run("(: < /dev/tty) 2> /dev/null || echo none; ps -o sid= -p $$ | tr -d ' '; echo $$", LONG);

        List<String> lines = result.output().lines().toList();
        assertThat(lines.get(0)).isEqualTo("none");
        assertThat(lines.get(1)).isEqualTo(lines.get(2));
    }

    @Test
    void run_inADirectory_seesIt() throws Exception {
        assertThat(run("pwd -P", LONG).output()).isEqualTo(directory.toRealPath() + "\n");
    }

    @Test
    void run_ofNoProgram_throws() {
        ProcessRun.Request request =
                new ProcessRun.Request(List.of("/no/such/shell"), Path.of("/no/such/folder"), Map.of(), LONG, CAPTURE);

        assertThatThrownBy(() -> run(request, new Recorder())).isInstanceOf(IOException.class);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "sleep %s",
                "sleep %s & sleep %s & wait",
                "setsid sleep %s & wait; sleep %s",
                "setsid sh -c 'sleep %s & sleep %s & wait' & wait; sleep %s",
                "(sleep %s & (sleep %s & (sleep %s &))) ; sleep %s",
                "(setsid sh -c '(setsid sleep %s &)' &) ; sleep %s",
                "nohup sleep %s > /dev/null 2>&1 & sleep %s",
                "(nohup setsid sleep %s > /dev/null 2>&1 < /dev/null &) ; sleep %s",
                "sh -c 'trap \"\" TERM; sleep %s' & trap '' TERM INT HUP; sleep %s",
                "env -i sleep %s & (env -i sleep %s &) ; sleep %s",
                "while true; do sleep %s & sleep 0.05; done",
                "trap '(setsid sleep %s &); exit' TERM; sleep %s & wait"
            })
    @EnabledOnOs(OS.LINUX)
    void run_thatTimesOut_leavesNoProcess(String script) throws Exception {
        String seconds = uniqueSeconds();

        ProcessRun.Result result = run("echo begun; " + script.replace("%s", seconds), SHORT);

        assertThat(result.ending()).isEqualTo(Ending.TIMED_OUT);
        assertThat(result.output()).startsWith("begun\n");
        assertThat(result.survivors()).isZero();
        assertThat(runningWith(seconds)).isEmpty();
    }

    @Test
    void run_thatTimesOut_keepsWhatWasWrittenOnTheWayOut() throws Exception {
        ProcessRun.Result result = run("trap 'echo bye; exit' TERM; echo begun; while true; do sleep 0.1; done", SHORT);

        assertThat(result.ending()).isEqualTo(Ending.TIMED_OUT);
        assertThat(result.output()).startsWith("begun\n").endsWith("bye\n");
    }

    @ParameterizedTest
    @ValueSource(strings = {"sleep %s", "trap '' TERM; sleep %s & sleep %s", "(setsid sleep %s &); yes"})
    void run_whoseThreadIsInterrupted_endsAndLeavesNoProcess(String script) throws Exception {
        String seconds = uniqueSeconds();
        Recorder recorder = new Recorder();
        CompletableFuture<ProcessRun.Result> result = new CompletableFuture<>();
        CompletableFuture<Boolean> interruptedAfterwards = new CompletableFuture<>();
        Thread thread = new Thread(() -> {
            try {
                result.complete(run("echo begun; " + script.replace("%s", seconds), LONG, recorder));
                interruptedAfterwards.complete(Thread.currentThread().isInterrupted());
            } catch (Exception e) {
                result.completeExceptionally(e);
            }
        });
        thread.start();
        recorder.awaitText("begun");

        thread.interrupt();

        assertThat(result.get(10, TimeUnit.SECONDS).ending()).isEqualTo(Ending.CANCELLED);
        assertThat(interruptedAfterwards.get(10, TimeUnit.SECONDS)).isTrue();
        assertThat(runningWith(seconds)).isEmpty();
        thread.join();
    }

    @Test
    void run_whoseListenerCancels_ends() throws Exception {
        Recorder recorder = new Recorder() {
            @Override
            boolean cancelled() {
                return text().contains("begun");
            }
        };
        String seconds = uniqueSeconds();

        ProcessRun.Result result = run("echo begun; sleep " + seconds, LONG, recorder);

        assertThat(result.ending()).isEqualTo(Ending.CANCELLED);
        assertThat(result.output()).isEqualTo("begun\n");
        assertThat(runningWith(seconds)).isEmpty();
    }

    @Test
    void run_onAnInterruptedThread_doesNotStart() throws Exception {
        Thread.currentThread().interrupt();

        ProcessRun.Result result = run("touch made; sleep 60", LONG);

        assertThat(Thread.interrupted()).isTrue();
        assertThat(result.ending()).isEqualTo(Ending.CANCELLED);
        assertThat(directory).isEmptyDirectory();
    }

    @Test
    void run_whoseListenerThrows_leavesNoProcess() {
        String seconds = uniqueSeconds();
        Recorder recorder = new Recorder() {
            @Override
            void output(String text) {
                throw new IllegalStateException("not listening");
            }
        };

        assertThatThrownBy(() -> run("sleep " + seconds + " & yes", LONG, recorder))
                .hasMessage("not listening");
        assertThat(runningWith(seconds)).isEmpty();
    }

    @Test
    void run_withABackgroundProcess_endsItAfterTheExit() throws Exception {
        String seconds = uniqueSeconds();

        ProcessRun.Result result = run("nohup sleep " + seconds + " > /dev/null 2>&1 & echo done", LONG);

        assertThat(result.ending()).isEqualTo(Ending.EXITED);
        assertThat(result.output()).isEqualTo("done\n");
        assertThat(result.ended()).isEqualTo(1);
        assertThat(runningWith(seconds)).isEmpty();
    }

    @Test
    void run_withABackgroundProcessThatHoldsThePipe_comesBack() throws Exception {
        String seconds = uniqueSeconds();

        ProcessRun.Result result = run("sleep " + seconds + " & echo done", LONG);

        assertThat(result.ending()).isEqualTo(Ending.EXITED);
        assertThat(result.exitCode()).isZero();
        assertThat(result.output()).isEqualTo("done\n");
        assertThat(runningWith(seconds)).isEmpty();
    }

    @Test
    void run_withABackgroundProcessThatWritesOn_comesBackWithABoundedOutput() throws Exception {
        ProcessRun.Result result = run("yes & echo done", LONG);

        assertThat(result.ending()).isEqualTo(Ending.EXITED);
        assertThat(result.cut()).isTrue();
        assertThat(result.output()).hasSizeBetween(CAPTURE, CAPTURE + 100);
    }

    @Test
    void run_withOutputThatComesAfterTheExit_waitsForIt() throws Exception {
        ProcessRun.Result result = run("(sleep 0.3; echo late) & echo early", LONG);

        assertThat(result.output()).isEqualTo("early\nlate\n");
        assertThat(result.ended()).isZero();
    }

    @Test
    void run_thatWritesWithoutEnd_keepsHeadAndTail() throws Exception {
        ProcessRun.Result result = run("echo first; yes; echo never", SHORT);

        assertThat(result.ending()).isEqualTo(Ending.TIMED_OUT);
        assertThat(result.output()).startsWith("first\ny\ny\n").containsPattern("\n… [0-9]+ bytes omitted …\n");
        assertThat(result.output()).hasSizeBetween(CAPTURE, CAPTURE + 100);
    }

    @Test
    void run_thatWritesMuchMoreThanTheHeap_fitsIntoIt() throws Exception {
        ProcessRun.Result result = runChild(Map.of(), "-Xmx16m", "yes | head -c 400000000");

        assertThat(result.output()).startsWith("EXITED, 200000000 lines:\ny\ny\n");
    }

    @Test
    void run_inAJvmOfTheLocaleC_handsTheCommandOnUnchanged() throws Exception {
        ProcessRun.Result result = runChild(Map.of("LC_ALL", "C"), "-Xmx64m", "printf %s 'ä€😀' é | od -An -tx1");

        assertThat(result.output()).isEqualTo("EXITED, 1 lines:\n c3 a4 e2 82 ac f0 9f 98 80 c3 a9\n");
    }

    /** Runs a command in {@link ProcessChild}. */
    private ProcessRun.Result runChild(Map<String, String> variables, String option, String script) throws Exception {
        Path java = Path.of(System.getProperty("java.home"), "bin", "java");
        Path file = Files.writeString(directory.resolve("script"), script);
        List<String> command = List.of(
                java.toString(),
                option,
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                ProcessChild.class.getName(),
                file.toString());
        Map<String, String> environment = new HashMap<>(System.getenv());
        environment.putAll(variables);
        return run(new ProcessRun.Request(command, directory, environment, LONG, CAPTURE), new Recorder());
    }

    @Test
    void run_thatWritesOneHugeLine_keepsBothItsEnds() throws Exception {
        ProcessRun.Result result = run("printf begin; head -c 20000000 /dev/zero | tr '\\0' x; printf end", LONG);

        assertThat(result.output()).startsWith("beginxxx").endsWith("xxxend").contains("bytes omitted");
        assertThat(result.lines()).isEqualTo(1);
    }

    @Test
    void run_thatWritesBytesThatAreNotUtf8_replacesThemAlsoInLiveOutput() throws Exception {
        Recorder recorder = new Recorder();

        ProcessRun.Result result =
                run("printf 'a\\377b\\303'; sleep 0.2; printf '\\244c\\000d\\342\\202'", LONG, recorder);

        assertThat(result.output()).isEqualTo("a\uFFFDbäc\0d\uFFFD");
        assertThat(recorder.text()).isEqualTo(result.output());
    }

    @Test
    void run_whileItWrites_handsTheOutputOnLive() throws Exception {
        Recorder recorder = new Recorder();
        Path go = directory.resolve("go");
        ExecutorService executor = Executors.newSingleThreadExecutor();
        try {
            Future<ProcessRun.Result> result = executor.submit(
                    () -> run("echo waiting; while [ ! -e go ]; do sleep 0.02; done; echo gone", LONG, recorder));
            recorder.awaitText("waiting");
            Files.createFile(go);

            assertThat(result.get(30, TimeUnit.SECONDS).output()).isEqualTo("waiting\ngone\n");
        } finally {
            executor.shutdownNow();
        }
    }

    @Test
    void run_thatWritesMoreThanIsHandedOn_isNotSlowedByIt() throws Exception {
        Recorder recorder = new Recorder();

        ProcessRun.Result result = run("head -c 100000000 /dev/zero", LONG, recorder);

        assertThat(result.ending()).isEqualTo(Ending.EXITED);
        assertThat(recorder.pieces).hasSizeLessThanOrEqualTo(ProcessProgress.MAX_EVENTS);
        assertThat(recorder.pieces).allMatch(piece -> piece.length() <= ProcessProgress.MAX_PIECE);
    }

    @Test
    void run_insideARunThatIsEnded_isEndedToo() throws Exception {
        String seconds = uniqueSeconds();
        String marker = ProcessTree.newMarker();

        // As an agent inside the command would start it: marked by the inner run as well, away from its parents.
        ProcessRun.Result result = run("(" + marker + "=1 setsid sleep " + seconds + " &); sleep 60", SHORT);

        assertThat(result.ending()).isEqualTo(Ending.TIMED_OUT);
        assertThat(runningWith(seconds)).isEmpty();
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void runs_fiftyAtOnce_leaveNoProcessThreadOrFile() throws Exception {
        String seconds = uniqueSeconds();
        run("true", LONG);
        long filesBefore = ProcessLeaks.openFiles();
        Set<String> threadsBefore = ProcessLeaks.threads();
        List<Callable<ProcessRun.Result>> runs = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            String script = List.of(
                            "echo " + i, "setsid sleep " + seconds + " &", "sleep " + seconds, "seq 100000; false")
                    .get(i % 4);
            runs.add(() -> run(script, SHORT));
        }

        ExecutorService executor = Executors.newFixedThreadPool(50);
        List<Ending> endings = new ArrayList<>();
        for (Future<ProcessRun.Result> run : executor.invokeAll(runs)) {
            endings.add(run.get().ending());
        }
        executor.shutdown();
        assertThat(executor.awaitTermination(10, TimeUnit.SECONDS)).isTrue();

        assertThat(endings).hasSize(50).doesNotContain(Ending.CANCELLED);
        assertThat(runningWith(seconds)).isEmpty();
        await().untilAsserted(() -> {
            assertThat(ProcessLeaks.openFiles()).isLessThanOrEqualTo(filesBefore);
            assertThat(threadsBefore).containsAll(ProcessLeaks.threads());
        });
    }

    private ProcessRun.Result run(String script, Duration timeout) throws IOException {
        return run(script, timeout, new Recorder());
    }

    private ProcessRun.Result run(String script, Duration timeout, Recorder recorder) throws IOException {
        Map<String, String> environment = new HashMap<>(System.getenv());
        environment.put("LC_ALL", "C.UTF-8");
        List<String> command = List.of("/bin/bash", "-c", script);
        return run(new ProcessRun.Request(command, directory, environment, timeout, CAPTURE), recorder);
    }

    private static ProcessRun.Result run(ProcessRun.Request request, Recorder recorder) throws IOException {
        return ProcessRun.of(request, recorder::cancelled, recorder::output);
    }

    /** Keeps what it is told. */
    private static class Recorder {
        final List<String> pieces = Collections.synchronizedList(new ArrayList<>());

        boolean cancelled() {
            return false;
        }

        void output(String text) {
            pieces.add(text);
        }

        String text() {
            synchronized (pieces) {
                return String.join("", pieces);
            }
        }

        void awaitText(String text) {
            await().atMost(Duration.ofSeconds(30)).until(() -> text().contains(text));
        }
    }
}
