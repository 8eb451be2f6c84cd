package dev.agentloop.examples.cli;

import dev.agentloop.ModelException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.UnknownHostException;
import java.net.http.HttpConnectTimeoutException;
import java.nio.channels.UnresolvedAddressException;
import java.util.List;

/** Tells a server that was not reached, so that nothing was sent, from one that has failed. */
final class Unreachable {
    private static final List<Class<? extends Throwable>> CAUSES = List.of(
            ConnectException.class,
            HttpConnectTimeoutException.class,
            NoRouteToHostException.class,
            UnknownHostException.class,
            UnresolvedAddressException.class);

    private Unreachable() {}

    /** Whether no connection was made. */
    static boolean is(ModelException failure) {
        if (failure.kind() != ModelException.Kind.TRANSPORT || failure.status() != 0) {
            return false;
        }
        for (Throwable cause = failure.getCause(); cause != null; cause = cause.getCause()) {
            if (CAUSES.stream().anyMatch(cause.getClass()::equals)) {
                return true;
            }
        }
        return false;
    }
}
