package dev.agentloop;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.slf4j.LoggerFactory;

/** The lines that this library logs while it is open; they go nowhere else. */
final class FaultLog extends AppenderBase<ILoggingEvent> implements AutoCloseable {
    private final Logger logger = ((LoggerContext) LoggerFactory.getILoggerFactory()).getLogger("dev.agentloop");
    private final Level before = logger.getLevel();
    private final Queue<String> lines = new ConcurrentLinkedQueue<>();

    /** Listens from now on. */
    static FaultLog open() {
        FaultLog log = new FaultLog();
        log.start();
        log.logger.setLevel(Level.INFO);
        log.logger.setAdditive(false);
        log.logger.addAppender(log);
        return log;
    }

    @Override
    protected void append(ILoggingEvent event) {
        lines.add(event.getLevel() + " " + event.getFormattedMessage());
    }

    /** The lines about a conversation, and those that name none. */
    List<String> of(String conversation) {
        return lines.stream()
                .filter(line -> !line.contains("conversation ") || line.contains(conversation))
                .toList();
    }

    @Override
    public void close() {
        logger.detachAppender(this);
        logger.setAdditive(true);
        logger.setLevel(before);
        stop();
    }
}
