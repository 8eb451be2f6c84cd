package dev.agentloop.tools;

import dev.agentloop.Tool;
import dev.agentloop.internal.Durations;
import dev.agentloop.internal.PathText;
import dev.agentloop.tools.internal.command.CommandRules;
import dev.agentloop.tools.internal.edit.ApplyPatch;
import dev.agentloop.tools.internal.edit.FileChanges;
import dev.agentloop.tools.internal.shell.ShellEnvironment;
import dev.agentloop.tools.internal.shell.ShellProgram;
import dev.agentloop.tools.internal.shell.ShellTool;
import dev.agentloop.tools.internal.workspace.FileNames;
import dev.agentloop.tools.internal.workspace.Workspace;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A shell for the model: the tool {@code shell_command}.
 *
 * <p>Each call is a fresh process with its standard input closed, no pager, no colours and no terminal; standard error
 * comes with standard output, in the order in which it was written, as the call's live output and as its result.
 *
 * <p><b>It is not confined.</b> A command may do whatever this process may do, wherever its working directory is. It
 * can also read what this process was started with, such as keys in its environment, from {@code /proc}. So every
 * command asks for {@link Tool.Access#UNRESTRICTED}, except one that is known to change nothing and to read only in the
 * workspace, which asks for {@link Tool.Access#READS}, runs beside others, and is run again after a crash.
 *
 * <p><b>Nothing is left.</b> A call that times out or is cancelled takes its processes with it within two seconds: they
 * are asked to end, then killed. The same happens to what a command leaves in the background when it exits, once the
 * output that those processes hold open was waited for, for two seconds at most (Codex waits as long; there they may go
 * on). A server that is to outlive the call must be started by the host. On Linux processes are found by their parents,
 * their session and a variable in their environment, elsewhere by their parents only. A process that hides from all of
 * these remains, as do all if this JVM is killed. A JVM that is process 1 of a container needs an init beside it (such
 * as {@code docker run --init}): orphans that were ended are reaped by nobody else.
 *
 * <p><b>Environment.</b> Commands see the environment of this process less the variables that look like keys, tokens or
 * passwords: by their name (such as {@code OPENAI_API_KEY}, {@code GITHUB_PAT}, {@code DB_PW}, {@code SENTRY_DSN}, but
 * not {@code KEYBOARD}), by the look of their value (such as {@code sk-…}, {@code eyJ…}, {@code password=…}, an address
 * with a password in it), and because they hold the same as one of these. Variables that make a shell do more than its
 * command says, such as {@code BASH_ENV} and {@code CDPATH}, go as well. Guesses err on both sides: give a list by
 * {@link Builder#onlyVariables} where you know what commands need. Git is told to run no {@code core.fsmonitor} and to
 * use no bare repository that it only came upon.
 *
 * <p><b>Patches.</b> A command that is nothing but a call of {@code apply_patch}, as models like to write it, is not
 * given to the shell but applied as the tool {@code apply_patch} of {@link FileTools} would, confined to the workspace,
 * and asks for {@link Tool.Access#WRITES}.
 *
 * <p>On Windows the shell is {@code cmd}, every command asks for {@code UNRESTRICTED}, and what grandchildren write
 * after the command's exit is lost.
 *
 * <p>This class and the tool are thread-safe, the builder is not.
 */
public final class ShellTools {
    private ShellTools() {}

    /**
     * The tool with its usual settings, which {@link #builder} lists.
     *
     * @param workspace an existing folder: where commands run unless the model names another
     */
    public static List<Tool> in(Path workspace) {
        return builder(workspace).tools();
    }

    /**
     * Begins the settings of the tool.
     *
     * @param workspace an existing folder: where commands run unless the model names another
     * @throws IllegalArgumentException if there is no such folder
     */
    public static Builder builder(Path workspace) {
        return new Builder(workspace);
    }

    /**
     * A rule for {@link dev.agentloop.Approver.Answer#always} and {@code Conversation.approve}: commands that begin with these
     * words run without a question. A line of several commands is allowed if each one begins so, or is known to only read; a
     * line that is not made of plain words never is. Later words are not looked at, and neither is what the program is: it
     * may be a script that the model writes.
     *
     * <p>So the words must say what is run. Refused are prefixes that leave it open:
     * <ul>
     *   <li>empty ones, and assignments: they would allow every command;
     *   <li>programs that run what later words say: {@code env}, {@code sudo}, {@code doas}, {@code su}, {@code xargs},
     *       {@code parallel}, {@code find}, {@code fd}, {@code ssh}, {@code docker}, {@code podman}, {@code kubectl} and other
     *       containers, wrappers such as {@code nice}, {@code time}, {@code timeout}, {@code nohup}, {@code setsid},
     *       {@code stdbuf}, {@code flock}, {@code watch}, {@code script}, {@code strace}, {@code gdb}, {@code chroot},
     *       {@code unshare}, {@code bwrap}, {@code tmux}, {@code screen}, {@code at}, {@code crontab}, package runners
     *       ({@code npx}, {@code pnpx}, {@code bunx}, {@code uvx}, {@code pipx}, {@code nix-shell}), {@code busybox},
     *       {@code awk}, editors such as {@code vim}, and words of the shell such as {@code eval}, {@code exec},
     *       {@code source}, {@code cd}, {@code export}, {@code if};
     *   <li>shells and interpreters without a script: {@code bash}, {@code sh -c}, {@code python3 -c}, {@code python3 -m},
     *       {@code node -e}, {@code perl}, {@code java -jar}; with one they are what the script is: {@code python3 check.py};
     *   <li>programs of many uses without one: {@code git}, {@code git -c}, {@code mvn}, {@code gradle}, {@code make},
     *       {@code npm}, {@code npm run}, {@code cargo}, {@code go}, {@code uv}, {@code pip} and their like;
     *   <li>those of these uses that run what they are given: {@code npm exec}, {@code pnpm dlx}, {@code yarn dlx},
     *       {@code uv run}, {@code poetry run}, {@code bundle exec}, {@code go run}, {@code mvn exec:exec},
     *       {@code git bisect}, {@code git rebase}, {@code git submodule}, {@code git config} and their like.
     * </ul>
     *
     * @param workspace the folder of the tool that asks; in another one the rule allows nothing. A program or script that is
     *     named by a path is looked for from here
     * @param prefix the first words of the commands, quoted as for a shell
     * @throws IllegalArgumentException if they are not plain words, or leave open what is run; the message tells a person why
     */
    public static String rule(Path workspace, String prefix) {
        return CommandRules.text(workspace, prefix);
    }

    /** Settings of the tool; each has a usual value. */
    public static final class Builder {
        private static final Duration TIMEOUT = Duration.ofSeconds(10);
        private static final Duration LONGEST_TIMEOUT = Duration.ofMinutes(10);
        private static final Duration LONGEST_EVER = Duration.ofDays(24);
        private static final int CAPTURE_BYTES = 1 << 20;
        private static final int SMALLEST_CAPTURE = 1 << 10;

        private final Path workspace;
        private final List<String> allowed = new ArrayList<>();
        private final List<String> secrets = new ArrayList<>();
        private final List<String> removed = new ArrayList<>();
        private final List<String> kept = new ArrayList<>();
        private final Map<String, String> added = new HashMap<>();
        private ShellProgram shell = ShellProgram.standard();
        private Duration timeout = TIMEOUT;
        private Duration longestTimeout = LONGEST_TIMEOUT;
        private int captureBytes = CAPTURE_BYTES;
        private final List<Path> fenced = new ArrayList<>();
        private @Nullable Path state;

        private Builder(Path workspace) {
            this.workspace = workspace.toAbsolutePath().normalize();
            if (!Files.isDirectory(this.workspace)) {
                throw new IllegalArgumentException("the workspace " + this.workspace
                        + " is not an existing folder; create it first, or name another");
            }
        }

        /**
         * The shell to run commands with, usually {@code /bin/bash} where there is one and {@code /bin/sh} elsewhere.
         *
         * <p>It is given the command after {@code -c}; {@code cmd} and PowerShell get their own options. With a shell
         * other than {@code bash}, {@code dash}, {@code ash} and {@code sh} no command is known to be safe.
         *
         * @param program an absolute path
         */
        public Builder shell(Path program) {
            shell = new ShellProgram(program);
            return this;
        }

        /**
         * How long a command may run: 10 seconds unless the model asks for more, 10 minutes at most.
         *
         * @param usual at least 1 ms, at most {@code longest}; for calls that name no time
         * @param longest at least 1 ms, at most 24 days; a call that asks for more gets this
         */
        public Builder timeouts(Duration usual, Duration longest) {
            Duration most =
                    Durations.checked("ShellTools.timeouts(longest)", longest, Durations.MILLISECOND, LONGEST_EVER);
            timeout = Durations.checked("ShellTools.timeouts(usual)", usual, Durations.MILLISECOND, most);
            longestTimeout = most;
            return this;
        }

        /**
         * How many bytes of a command's output are kept, usually 1 MiB: half from its start, half from its end. The
         * memory that a call takes is a small multiple of this, however much is written.
         *
         * @param bytes at least 1,024
         */
        public Builder captureBytes(int bytes) {
            if (bytes < SMALLEST_CAPTURE) {
                throw new IllegalArgumentException("at least " + SMALLEST_CAPTURE
                        + " bytes of output must be kept, but " + bytes + " were asked for");
            }
            captureBytes = bytes;
            return this;
        }

        /**
         * Where the journals of patches are kept that are written as commands: what {@link FileTools.Builder#state} was
         * given, if anything.
         */
        public Builder state(Path folder) {
            state = folder;
            return this;
        }

        /**
         * Closes files and folders to patches that are written as commands: what {@link FileTools.Builder#fenced} was
         * given. Other commands are not confined.
         */
        public Builder fenced(Collection<Path> places) {
            fenced.addAll(places);
            return this;
        }

        /** Sets a variable for every command, whatever its name looks like. */
        public Builder setVariable(String name, String value) {
            added.put(name, value);
            return this;
        }

        /**
         * Lets commands see of this process's variables only those named here, less those that look secret: a list of
         * what is needed instead of guesses at what is secret. Commands usually need {@code PATH} and {@code HOME};
         * without {@code PATH} none is known to be safe. {@link #setVariable} and {@link #keepVariables} add to it.
         *
         * @param patterns at least one name, with {@code *} for any text; case does not matter
         */
        public Builder onlyVariables(String... patterns) {
            if (patterns.length == 0) {
                throw new IllegalArgumentException("ShellTools.onlyVariables needs at least one name, such as \"PATH\";"
                        + " to let commands see no variable of this process, call removeVariables(\"*\")");
            }
            allowed.addAll(List.of(patterns));
            return this;
        }

        /**
         * Hides secrets that you know of, such as the API key and the store's password, wherever they stand: a variable
         * of this process that is one, or of six characters or more has one in it, is not seen by commands.
         *
         * <p>Values of variables whose names tell that they are secret are known without this.
         *
         * @param values the secrets; blank ones hide nothing
         */
        public Builder hideValues(String... values) {
            secrets.addAll(List.of(values));
            return this;
        }

        /**
         * Removes more variables than those that look secret.
         *
         * @param patterns names, with {@code *} for any text; case does not matter
         */
        public Builder removeVariables(String... patterns) {
            removed.addAll(List.of(patterns));
            return this;
        }

        /**
         * Keeps variables of this process although they look secret or {@link #removeVariables} names them; so
         * {@code removeVariables("*").keepVariables("PATH", "HOME")} leaves these two.
         *
         * @param patterns names, with {@code *} for any text; case does not matter
         */
        public Builder keepVariables(String... patterns) {
            kept.addAll(List.of(patterns));
            return this;
        }

        /**
         * The tool, as a list for the loop. The environment of this process is read once, now.
         *
         * @throws IllegalArgumentException if the workspace lies in a place that is fenced, or a variable that was set has
         *     a character that the locale of this JVM does not have
         */
        public List<Tool> tools() {
            added.forEach((name, value) -> {
                if (!PathText.reachesPrograms(name + value)) {
                    throw new IllegalArgumentException("ShellTools.setVariable: " + FileNames.shown(name)
                            + " cannot be handed on, since it has a character that " + PathText.remedy());
                }
            });
            Map<String, String> environment =
                    new ShellEnvironment(allowed, removed, kept, secrets, added).of(System.getenv());
            ShellTool.Bounds bounds = new ShellTool.Bounds(timeout, longestTimeout, captureBytes);
            ApplyPatch patches = new ApplyPatch(
                    FileChanges.in(Workspace.of(List.of(workspace)).fenced(fenced), state));
            return List.of(new ShellTool(new ShellTool.Settings(workspace, shell, environment, bounds, patches)));
        }
    }
}
