package dev.agentloop.cli.log;

import dev.agentloop.spi.InboxMessage;
import dev.agentloop.spi.LogEntry;
import java.util.List;

/** Shows a log, entry by entry. */
public interface LogView {
    /** Shows the next entry. */
    void show(LogEntry entry);

    /** Shows what is said behind the last entry. */
    void end(List<InboxMessage> inbox);
}
