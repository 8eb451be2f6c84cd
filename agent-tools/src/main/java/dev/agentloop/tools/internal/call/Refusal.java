package dev.agentloop.tools.internal.call;

import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import org.jspecify.annotations.Nullable;

/** Why a tool does not do what it was asked, in words that the model can act on. */
public final class Refusal extends IOException {
    private static final long serialVersionUID = 1;

    private final String message;

    public Refusal(String message) {
        this(message, null);
    }

    public Refusal(String message, @Nullable Throwable cause) {
        super(message, cause);
        this.message = message;
    }

    @Override
    public String getMessage() {
        return message;
    }

    /**
     * Says what a failure of the file system means for one path. A refusal passes unchanged, and so does an
     * interruption, which is no answer for the model.
     */
    public static IOException about(String path, IOException failure) {
        if (failure instanceof Refusal || failure instanceof ClosedByInterruptException) {
            return failure;
        }
        return new Refusal(path + ": " + reason(failure), failure);
    }

    private static String reason(IOException failure) {
        if (failure instanceof NoSuchFileException) {
            return "no such file or directory";
        }
        if (failure instanceof AccessDeniedException) {
            return "permission denied";
        }
        if (failure instanceof FileAlreadyExistsException) {
            return "exists already";
        }
        if (failure instanceof NotDirectoryException) {
            return "is not a directory";
        }
        if (failure instanceof DirectoryNotEmptyException) {
            return "the directory is not empty";
        }
        // The path inside these messages is a temporary or a single name: only the reason helps.
        if (failure instanceof FileSystemException exception && exception.getReason() != null) {
            return lowerFirst(exception.getReason());
        }
        return String.valueOf(failure.getMessage());
    }

    private static String lowerFirst(String text) {
        return text.isEmpty() ? text : Character.toLowerCase(text.charAt(0)) + text.substring(1);
    }
}
