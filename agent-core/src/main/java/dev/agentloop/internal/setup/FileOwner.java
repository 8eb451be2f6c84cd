package dev.agentloop.internal.setup;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.UserPrincipal;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whose a file is. What another user than root wrote is not taken for this user's word: he could have put it into a
 * folder above that is open to all. Where files have no owners in POSIX's sense, every file is taken.
 */
public final class FileOwner {
    private static final Logger LOG = LoggerFactory.getLogger(FileOwner.class);

    private FileOwner() {}

    /** Who this process is for the file system, whatever the name of the user is; null if that cannot be told. */
    private static final class Self {
        static final @Nullable UserPrincipal OWNER = owner();

        private static @Nullable UserPrincipal owner() {
            try {
                Path probe = Files.createTempFile("agentloop", "owner");
                try {
                    return Files.getOwner(probe);
                } finally {
                    Files.delete(probe);
                }
            } catch (IOException e) {
                LOG.warn("which user this process runs as cannot be told; only root's files are taken for his own", e);
                return null;
            }
        }
    }

    /** Whether this entry itself, be it a link, belongs to the user of this process or to root. */
    static boolean mayBeObeyed(Path entry) {
        if (!entry.getFileSystem().supportedFileAttributeViews().contains("unix")) {
            return true;
        }
        try {
            return Files.getAttribute(entry, "unix:uid", LinkOption.NOFOLLOW_LINKS)
                            .equals(0)
                    || Files.getOwner(entry, LinkOption.NOFOLLOW_LINKS).equals(Self.OWNER);
        } catch (IOException e) {
            return false;
        }
    }
}
