package dev.agentloop.cli.terminal;

import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Ctrl-C and the signal TERM: the first one asks the program to end, the second one ends it at once.
 *
 * <p>The JDK's class for signals is not meant for everybody, which the compiler warns of, so it is found by name; where it
 * is missing, a signal ends the process, as ever, and what is durable can be resumed. A process that was started with INT
 * ignored, as in the background of a script, continues to ignore it: the JDK does not handle it then. Thread-safe.
 */
public final class Interrupts {
    /** By custom, a program that signal n ended exits with 128 + n. */
    private static final int SIGNALLED = 128;

    private static final int INT = 2;

    private final AtomicReference<Runnable> ask = new AtomicReference<>(() -> {});
    private volatile int signal;

    /**
     * Installs the handler for the whole process, on a thread of its own: it takes a while, and until then a signal ends the
     * process.
     */
    public static Interrupts install() {
        Interrupts interrupts = new Interrupts();
        Thread installer = new Thread(interrupts::handleSignals, "signals");
        installer.setDaemon(true);
        installer.start();
        return interrupts;
    }

    private void handleSignals() {
        try {
            Class<?> handlerType = Class.forName("sun.misc.SignalHandler");
            Class<?> signalType = Class.forName("sun.misc.Signal");
            Method number = signalType.getMethod("getNumber");
            Method handle = signalType.getMethod("handle", signalType, handlerType);
            Object handler = Proxy.newProxyInstance(
                    Interrupts.class.getClassLoader(), new Class<?>[] {handlerType}, (proxy, method, arguments) -> {
                        received((int) number.invoke(arguments[0]));
                        return null;
                    });
            for (String name : new String[] {"INT", "TERM"}) {
                handle.invoke(null, signalType.getConstructor(String.class).newInstance(name), handler);
            }
        } catch (ReflectiveOperationException | IllegalArgumentException e) {
            // Then a signal ends the process as it does by default.
        }
    }

    /** Has the next signal do this, on a thread of its own; a signal that came already does it now. */
    public void ask(Runnable act) {
        ask.set(act);
        if (signal != 0) {
            act.run();
        }
    }

    /** Forgets a signal that was heeded, so that the next one asks again. */
    public void reset() {
        signal = 0;
    }

    /** The exit code of a program that was cancelled. */
    public int exitCode() {
        return SIGNALLED + (signal == 0 ? INT : signal);
    }

    /** Whether a signal came. */
    public boolean received() {
        return signal != 0;
    }

    private void received(int number) {
        if (signal != 0) {
            Runtime.getRuntime().halt(SIGNALLED + number);
        }
        signal = number;
        ask.get().run();
    }
}
