package dev.agentloop.mcp;

import dev.agentloop.internal.Durations;
import java.net.URI;
import java.net.http.HttpRequest;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * How one MCP server is reached, and what of it the model gets.
 *
 * <p>Immutable and thread-safe. The values of environment variables and headers are secrets: {@link #toString} has only
 * their names, and logs, states and error texts show {@code ***} where one of at least four characters would stand. What a
 * server answers to a call is the server's affair.
 */
public final class McpServer {
    private static final Duration TOOL_TIMEOUT = Duration.ofMinutes(5);

    private final String name;
    private final Target target;
    private final ToolFilter filter;
    private final Duration toolTimeout;
    private final Trust trust;

    /**
     * How far the host believes what a server says of its own tools. Nothing that a server says of itself gives it more than
     * the host has said.
     */
    public enum Trust {
        /**
         * Not at all, unless the host says otherwise: every call is {@code UNRESTRICTED}, runs alone, needs approval, and is not
         * repeated after a crash.
         */
        NONE,
        /**
         * The annotations of a tool decide, with the defaults of the MCP specification: one that says it only reads is
         * {@code READS}, one that says it neither destroys anything nor reaches beyond a closed world is {@code WRITES},
         * every other one is {@code UNRESTRICTED}. Annotations are hints: a server can lie, and is believed.
         */
        HINTS,
        /** The host vouches for the server: a tool that says it only reads is {@code READS}, every other one {@code WRITES}. */
        FULL
    }

    /** Where a server is. */
    sealed interface Target {}

    /** A program that is started. */
    record Command(
            List<String> words,
            Map<String, String> environment,
            @Nullable Path directory) implements Target {}

    /** An address that is asked. */
    record Address(URI uri, Map<String, String> headers) implements Target {}

    private McpServer(String name, Target target, ToolFilter filter, Duration toolTimeout, Trust trust) {
        this.name = name;
        this.target = target;
        this.filter = filter;
        this.toolTimeout = toolTimeout;
        this.trust = trust;
    }

    /**
     * A server that is a program, spoken to over its standard input and output.
     *
     * <p>Its environment is small: {@code HOME}, {@code LOGNAME}, {@code PATH}, {@code SHELL}, {@code TERM} and
     * {@code USER} of this process (on Windows the corresponding ones) and what {@link #withEnvironment} adds.
     *
     * @param name what the server is called here and in the names of its tools; not empty
     * @param command the program and its arguments, for no shell to read; not empty
     */
    public static McpServer stdio(String name, List<String> command) {
        if (command.isEmpty()) {
            throw new IllegalArgumentException(
                    "MCP server \"" + name + "\" has no command; give the program and its arguments");
        }
        return of(name, new Command(List.copyOf(command), Map.of(), null));
    }

    /** A server that is a program, as {@link #stdio(String, List)}. */
    public static McpServer stdio(String name, String... command) {
        return stdio(name, List.of(command));
    }

    /**
     * A server that is asked over streamable HTTP.
     *
     * @param name what the server is called here and in the names of its tools; not empty
     * @param address the whole address of its endpoint, {@code http} or {@code https}
     */
    public static McpServer http(String name, URI address) {
        String scheme = address.getScheme();
        if (address.getHost() == null || !("http".equalsIgnoreCase(scheme) || "https".equalsIgnoreCase(scheme))) {
            throw new IllegalArgumentException("the address of MCP server \"" + name
                    + "\" must begin with http:// or https:// and a host; its scheme is " + scheme);
        }
        return of(name, new Address(address, Map.of()));
    }

    private static McpServer of(String name, Target target) {
        if (name.isEmpty()) {
            throw new IllegalArgumentException("an MCP server needs a name, which becomes part of its tools' names");
        }
        return new McpServer(name, target, ToolFilter.ALL, TOOL_TIMEOUT, Trust.NONE);
    }

    /**
     * Sets a variable of the program's environment.
     *
     * @return a server that differs in this
     * @throws IllegalStateException if the server is no program
     */
    public McpServer withEnvironment(String variable, String value) {
        Command command = command();
        return with(new Command(command.words(), plus(command.environment(), variable, value), command.directory()));
    }

    /**
     * Sets the folder that the program is started in; the one of this process if never said.
     *
     * @return a server that differs in this
     * @throws IllegalStateException if the server is no program
     */
    public McpServer withDirectory(Path folder) {
        Command command = command();
        return with(new Command(command.words(), command.environment(), folder));
    }

    /**
     * Sets a header of every request, such as {@code Authorization}.
     *
     * @return a server that differs in this
     * @throws IllegalStateException if the server is a program
     * @throws IllegalArgumentException if HTTP does not allow the header; the message does not show the value
     */
    public McpServer withHeader(String header, String value) {
        if (!(target instanceof Address address)) {
            throw new IllegalStateException(
                    "MCP server \"" + name + "\" is a program and has no headers; use withEnvironment");
        }
        if (!isAllowed(header, value)) {
            throw new IllegalArgumentException("the header " + header + " of MCP server \"" + name
                    + "\" cannot be sent: its name is reserved, or it holds a character that no header may hold");
        }
        return with(new Address(address.uri(), plus(address.headers(), header, value)));
    }

    private static boolean isAllowed(String header, String value) {
        try {
            HttpRequest.newBuilder().header(header, value);
            return true;
        } catch (IllegalArgumentException e) {
            // Its message holds the value.
            return false;
        }
    }

    /**
     * Gives the model only these tools; all if never said.
     *
     * @param tools names as the server has them; with none, the model gets none
     * @return a server that differs in this
     */
    public McpServer withEnabledTools(String... tools) {
        return with(new ToolFilter(Set.copyOf(List.of(tools)), filter.disabled()));
    }

    /**
     * Keeps these tools from the model, also where {@link #withEnabledTools} names them.
     *
     * @param tools names as the server has them
     * @return a server that differs in this
     */
    public McpServer withDisabledTools(String... tools) {
        return with(new ToolFilter(filter.enabled(), Set.copyOf(List.of(tools))));
    }

    /**
     * Says how long a call may take, five minutes if never said.
     *
     * @param timeout 1 ms to 365 days
     * @return a server that differs in this
     */
    public McpServer withToolTimeout(Duration timeout) {
        Durations.checked("McpServer.toolTimeout", timeout, Durations.MILLISECOND, Durations.YEAR);
        return new McpServer(name, target, filter, timeout, trust);
    }

    /**
     * Says how far the server's word counts; {@link Trust#NONE} if never said.
     *
     * @return a server that differs in this
     */
    public McpServer withTrust(Trust value) {
        return new McpServer(name, target, filter, toolTimeout, value);
    }

    private McpServer with(Target changed) {
        return new McpServer(name, changed, filter, toolTimeout, trust);
    }

    private McpServer with(ToolFilter changed) {
        return new McpServer(name, target, changed, toolTimeout, trust);
    }

    private Command command() {
        if (target instanceof Command command) {
            return command;
        }
        throw new IllegalStateException("MCP server \"" + name
                + "\" is asked over HTTP and has neither an environment nor a folder; use withHeader");
    }

    private static Map<String, String> plus(Map<String, String> map, String key, String value) {
        Map<String, String> changed = new LinkedHashMap<>(map);
        changed.put(key, value);
        return Map.copyOf(changed);
    }

    /** What the server is called here. */
    public String name() {
        return name;
    }

    Target target() {
        return target;
    }

    ToolFilter filter() {
        return filter;
    }

    Duration toolTimeout() {
        return toolTimeout;
    }

    Trust trust() {
        return trust;
    }

    Secrets secrets() {
        if (target instanceof Command command) {
            return new Secrets(command.environment().values());
        }
        Address address = (Address) target;
        List<String> values = new ArrayList<>(address.headers().values());
        Stream.of(address.uri().getRawQuery(), address.uri().getRawUserInfo())
                .filter(Objects::nonNull)
                .forEach(values::add);
        return new Secrets(values);
    }

    /** The server's name and kind, and the names of its variables or headers; arguments and addresses may hold keys. */
    @Override
    public String toString() {
        return "McpServer[" + name
                + (target instanceof Command command
                        ? ", stdio, environment "
                                + command.environment().keySet().stream()
                                        .sorted()
                                        .toList()
                        : ", http, headers "
                                + ((Address) target)
                                        .headers().keySet().stream().sorted().toList())
                + "]";
    }

    /**
     * Which tools the model gets.
     *
     * @param enabled the only ones, or null for all
     * @param disabled those that it does not get
     */
    record ToolFilter(@Nullable Set<String> enabled, Set<String> disabled) {
        static final ToolFilter ALL = new ToolFilter(null, Set.of());

        boolean accepts(String tool) {
            return (enabled == null || enabled.contains(tool)) && !disabled.contains(tool);
        }
    }
}
