package dev.agentloop.examples.cli;

import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Ctrl-C and the signal TERM: the first one asks the program to end, the second one ends it at once.
 *
 * <p>The JDK's class for signals is not meant for everybody, which the compiler warns of, so it is found by name; where it
 * is missing, a signal ends the process, as ever, and what is durable can be resumed. Thread-safe.
 */
final class Interrupts {
    /** The exit code of a program that Ctrl-C ended. */
    static final int EXIT_CODE = 130;

    private static final int SIGNALLED = 128;

    private final AtomicReference<Runnable> ask = new AtomicReference<>(() -> {});
    private volatile int signal;

    /** Installs the handler for the whole process. */
    static Interrupts install() {
        Interrupts interrupts = new Interrupts();
        try {
            Class<?> handlerType = Class.forName("sun.misc.SignalHandler");
            Class<?> signalType = Class.forName("sun.misc.Signal");
            Method number = signalType.getMethod("getNumber");
            Method handle = signalType.getMethod("handle", signalType, handlerType);
            Object handler = Proxy.newProxyInstance(
                    Interrupts.class.getClassLoader(), new Class<?>[] {handlerType}, (proxy, method, arguments) -> {
                        interrupts.received((int) number.invoke(arguments[0]));
                        return null;
                    });
            for (String name : new String[] {"INT", "TERM"}) {
                handle.invoke(null, signalType.getConstructor(String.class).newInstance(name), handler);
            }
        } catch (ReflectiveOperationException | IllegalArgumentException e) {
            // Then a signal ends the process as it does by default.
        }
        return interrupts;
    }

    /** Has the next signal do this, on a thread of its own; a signal that came already does it now. */
    void ask(Runnable act) {
        ask.set(act);
        if (signal != 0) {
            act.run();
        }
    }

    /** Forgets a signal that was heeded, so that the next one asks again. */
    void reset() {
        signal = 0;
    }

    /** Whether a signal came. */
    boolean received() {
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
