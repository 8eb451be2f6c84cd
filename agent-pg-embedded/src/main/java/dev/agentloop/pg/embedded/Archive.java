package dev.agentloop.pg.embedded;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.JarURLConnection;
import java.net.URI;
import java.net.URL;
import java.net.URLConnection;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Locale;
import java.util.zip.CRC32;
import java.util.zip.CheckedInputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.tukaani.xz.XZInputStream;

/** The programs of one version of PostgreSQL for one platform, as Maven Central has them: a {@code .txz} in a jar. */
final class Archive {
    private final URL place;
    private final String name;

    private Archive(URL place, String name) {
        this.place = place;
        this.name = name;
    }

    /** The one that was given to this module as a dependency. */
    static Archive onClassPath(Platform platform) {
        String name = platform.archive();
        URL place = Archive.class.getClassLoader().getResource(name);
        if (place == null) {
            throw new EmbeddedPostgresException("no PostgreSQL for " + platform.name() + ": " + name
                    + " is not on the class path; add the dependency io.zonky.test.postgres:" + platform.artifact()
                    + " (on the module path: and --add-modules "
                    + platform.artifact().replace('-', '.') + "), or use a server that is installed");
        }
        return new Archive(place, name);
    }

    /** The one in a given jar. */
    static Archive in(Path jar, Platform platform) {
        String name = platform.archive();
        try {
            Archive archive =
                    new Archive(URI.create("jar:" + jar.toUri() + "!/" + name).toURL(), name);
            archive.open().close();
            return archive;
        } catch (IOException e) {
            throw new EmbeddedPostgresException(
                    "no PostgreSQL for " + platform.name() + " in " + jar + ": it should hold " + name
                            + ", as io.zonky.test.postgres:" + platform.artifact() + " does",
                    e);
        }
    }

    /** The same for equal content only. */
    String key() throws IOException {
        return String.format(Locale.ROOT, "%s-%08x", name.replaceAll("^postgres-|\\.txz$", ""), checksum(connection()));
    }

    private static long checksum(URLConnection connection) throws IOException {
        if (connection instanceof JarURLConnection jar) {
            try (var file = jar.getJarFile()) {
                long known = file.getJarEntry(jar.getEntryName()).getCrc();
                if (known != -1) {
                    return known;
                }
            }
        }
        CRC32 checksum = new CRC32();
        try (InputStream in = new CheckedInputStream(connection.getInputStream(), checksum)) {
            in.transferTo(OutputStream.nullOutputStream());
        }
        return checksum.getValue();
    }

    /** Unpacks everything into an existing folder. */
    void unpack(Path folder) throws IOException {
        try (TarArchiveInputStream tar =
                new TarArchiveInputStream(new XZInputStream(new BufferedInputStream(open(), 1 << 16)))) {
            for (TarArchiveEntry entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
                Path target = folder.resolve(entry.getName()).normalize();
                if (!target.startsWith(folder)) {
                    throw new IOException(place + " holds a path that leads out of it: " + entry.getName());
                }
                write(tar, entry, target);
            }
        }
    }

    private static void write(InputStream tar, TarArchiveEntry entry, Path target) throws IOException {
        if (entry.isDirectory()) {
            Files.createDirectories(target);
            return;
        }
        Files.createDirectories(target.getParent());
        if (entry.isSymbolicLink()) {
            Files.createSymbolicLink(target, Path.of(entry.getLinkName()));
            return;
        }
        Files.copy(tar, target);
        boolean program = (entry.getMode() & 0100) != 0;
        Files.setPosixFilePermissions(target, PosixFilePermissions.fromString(program ? "rwx------" : "rw-------"));
    }

    private InputStream open() throws IOException {
        return connection().getInputStream();
    }

    private URLConnection connection() throws IOException {
        URLConnection connection = place.openConnection();
        // Closing the stream would otherwise leave the jar open, or close it under other readers.
        connection.setUseCaches(false);
        return connection;
    }
}
