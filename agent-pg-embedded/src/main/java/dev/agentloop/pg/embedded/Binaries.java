package dev.agentloop.pg.embedded;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The unpacked programs of one version of PostgreSQL.
 *
 * @param home holds {@code bin}, {@code lib} and {@code share}
 * @param version such as {@code 18.6}
 */
record Binaries(Path home, String version) {
    private static final Pattern VERSION = Pattern.compile("postgres \\(PostgreSQL\\) ([0-9.]+)");
    /** Written last: a folder that has it is complete, and its programs run on this machine. */
    private static final String VERSION_FILE = "version";

    /** Unpacks an archive once for all processes that use this cache. */
    static Binaries of(Archive archive, Path cache) {
        // A lock on a file is between processes, this one is between the threads of this one.
        synchronized (Binaries.class) {
            try {
                Folders.create(cache);
                Path home = cache.resolve(archive.key());
                if (!Files.exists(home.resolve(VERSION_FILE))) {
                    unpackLocked(archive, home);
                }
                return new Binaries(home, Files.readString(home.resolve(VERSION_FILE)));
            } catch (IOException e) {
                throw new EmbeddedPostgresException(
                        "cannot unpack PostgreSQL into " + cache + ": " + e.getMessage()
                                + Programs.advice(String.valueOf(e.getMessage()), cache)
                                + "; another folder can be named by cache(…)",
                        e);
            }
        }
    }

    private static void unpackLocked(Archive archive, Path home) throws IOException {
        Path lock = home.resolveSibling(home.getFileName() + ".lock");
        try (FileChannel channel = FileChannel.open(lock, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                FileLock held = channel.lock()) {
            assert held.isValid();
            if (!Files.exists(home.resolve(VERSION_FILE))) {
                unpack(archive, home);
            }
        }
    }

    private static void unpack(Archive archive, Path home) throws IOException {
        Path partial = home.resolveSibling(home.getFileName() + ".partial");
        Folders.delete(partial);
        try {
            Folders.create(partial);
            archive.unpack(partial);
            Files.writeString(partial.resolve(VERSION_FILE), versionOf(partial));
            Files.move(partial, home, StandardCopyOption.ATOMIC_MOVE);
        } finally {
            Folders.delete(partial);
        }
    }

    private static String versionOf(Path home) throws IOException {
        Programs.Result result =
                Programs.run(List.of(home.resolve("bin/postgres").toString(), "--version"));
        Matcher version = VERSION.matcher(result.output());
        if (result.exitCode() != 0 || !version.find()) {
            throw new IOException("its program does not run on this machine: " + result.output());
        }
        return version.group(1);
    }

    /** The first number of the version: servers of one read each other's data. */
    String major() {
        return version.replaceFirst("\\..*", "");
    }

    String program(String name) {
        return home.resolve("bin").resolve(name).toString();
    }
}
