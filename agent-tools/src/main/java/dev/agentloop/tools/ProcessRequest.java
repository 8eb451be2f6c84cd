package dev.agentloop.tools;

import dev.agentloop.internal.ProcessTree;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * What to run and within which bounds.
 *
 * @param command the program and its arguments
 * @param directory where it runs; exists
 * @param environment all of its environment, the marker of {@link ProcessTree} apart
 * @param timeout how long it may run before it is ended
 * @param captureBytes how many bytes of its output are kept
 */
record ProcessRequest(
        List<String> command, Path directory, Map<String, String> environment, Duration timeout, int captureBytes) {

    ProcessRequest {
        command = List.copyOf(command);
        environment = Map.copyOf(environment);
    }
}
