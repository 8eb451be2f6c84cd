package dev.agentloop.testkit;

import dev.agentloop.Prompt;
import dev.agentloop.testkit.internal.lint.Lint;
import dev.agentloop.testkit.internal.lint.LintFinding;
import dev.agentloop.testkit.internal.lint.LintProgram;
import dev.agentloop.testkit.internal.lint.LintRuns;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;

/**
 * A check that a host's prompt is the same bytes everywhere: it builds the prompt in many processes, each of which differs
 * in one thing, and fails naming what is volatile.
 *
 * <pre>{@code
 * public final class MyPrompt implements Supplier<Prompt> {
 *     public Prompt get() { … as the application builds it, up to the first message … }
 * }
 *
 * @Test
 * void prompt_isTheSameEverywhere() throws InterruptedException {
 *     PrefixLinter.check(MyPrompt.class);
 * }
 * }</pre>
 *
 * <p>What differs: the launch itself (the order of {@code Map.of} and {@code Set.of}, random values, the time), identity
 * hash codes, the time zone, the locale with its digits and calendar, the user's name, the working and the temporary
 * folder, the host's name in the environment, the default charset, the line separator, processors and memory, and the JDK
 * where there is another one. The prompt is also searched for today's date, this host's name and the user's home. A class
 * with a public constructor that takes a {@link java.time.Clock} is given clocks a year apart; use it for the agent's.
 *
 * <p>A {@code prompt_cache_key} may differ: it names the cache and is not in it. Everything else that may, because it is
 * an item that is written once, such as the environment, must be {@link #allow allowed}.
 *
 * <p>It takes about twenty launches, a few at a time, some seconds in all. The processes have this one's class path and
 * environment, so the supplier should not need the network. Immutable and thread-safe.
 */
public final class PrefixLinter {
    private final Class<? extends Supplier<Prompt>> supplier;
    private final Set<String> allowed;
    private final List<Path> javaHomes;

    private PrefixLinter(Class<? extends Supplier<Prompt>> supplier, Set<String> allowed, List<Path> javaHomes) {
        this.supplier = supplier;
        this.allowed = allowed;
        this.javaHomes = javaHomes;
    }

    /**
     * A linter of the prompt that this class gives.
     *
     * @param supplier a public class with a public constructor without parameters, or with one of type {@code Clock}
     * @throws IllegalArgumentException if it is not
     */
    public static PrefixLinter of(Class<? extends Supplier<Prompt>> supplier) {
        LintProgram.constructor(supplier);
        return new PrefixLinter(supplier, Set.of(), List.of());
    }

    /** Checks the prompt that this class gives, with nothing allowed; see {@link #of} and {@link #check()}. */
    public static void check(Class<? extends Supplier<Prompt>> supplier) throws InterruptedException {
        of(supplier).check();
    }

    /**
     * The same linter, which accepts that these sections differ.
     *
     * @param sections as the linter names them, such as {@code input[1]}, which stands for all that is in it
     */
    public PrefixLinter allow(String... sections) {
        Set<String> all = new LinkedHashSet<>(allowed);
        all.addAll(List.of(sections));
        return new PrefixLinter(supplier, all, javaHomes);
    }

    /** The same linter, which also runs these JDKs, beside those that variables such as {@code JAVA_HOME} name. */
    public PrefixLinter withJava(Path... homes) {
        List<Path> all = new ArrayList<>(javaHomes);
        all.addAll(List.of(homes));
        return new PrefixLinter(supplier, allowed, all);
    }

    /**
     * Checks.
     *
     * @throws AssertionError if the prompt differs; it names each section with its place, both values, what they go with,
     *     and a guess what they are. Also if the prompt cannot be built in one of the processes
     */
    public void check() throws InterruptedException {
        try (LintRuns runs = new LintRuns(supplier, javaHomes)) {
            List<LintFinding> findings = new Lint(runs, allowed).findings();
            if (!findings.isEmpty()) {
                throw new AssertionError(LintFinding.report(supplier.getName(), findings));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(
                    "cannot build the prompt of " + supplier.getName() + " in other processes", e);
        }
    }
}
