package dev.agentloop.pg;

import dev.agentloop.pg.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/** Where a server still has a text: in its rows, the system's own included, and in the bytes of its files. */
record Traces(EmbeddedPostgres server) {

    /** The tables of which a row has one of these texts in a column, each with the text. */
    Set<String> inRows(String... texts) throws SQLException {
        Set<String> found = new TreeSet<>();
        try (Connection connection = Logs.connect(server);
                Statement statement = connection.createStatement()) {
            for (String table : tables(statement)) {
                try (ResultSet row = statement.executeQuery("SELECT t::text FROM " + table + " AS t")) {
                    while (row.next()) {
                        String said = row.getString(1);
                        for (String text : texts) {
                            if (said.contains(text) || said.contains(hex(text))) {
                                found.add(table + ": " + text);
                            }
                        }
                    }
                }
            }
        }
        return found;
    }

    // Bytes are shown in hexadecimal digits.
    private static String hex(String text) {
        return HexFormat.of().formatHex(text.getBytes(StandardCharsets.UTF_8));
    }

    private static List<String> tables(Statement statement) throws SQLException {
        List<String> tables = new ArrayList<>();
        try (ResultSet row =
                statement.executeQuery("SELECT oid::regclass::text FROM pg_class WHERE relkind IN ('r', 'm')")) {
            while (row.next()) {
                tables.add(row.getString(1));
            }
        }
        return tables;
    }

    /** The files of the tables and indexes, of all databases, that have one of these texts among their bytes. */
    Set<String> inFiles(String... texts) throws SQLException, IOException {
        Path data = Path.of(Logs.one(server, "SHOW data_directory"));
        Map<String, String> relations = relations();
        Set<String> found = new TreeSet<>();
        for (String folder : List.of("base", "global", "pg_tblspc")) {
            try (Stream<Path> files = Files.walk(data.resolve(folder))) {
                for (Path file : files.filter(Files::isRegularFile).toList()) {
                    String name = data.relativize(file).toString();
                    String bytes = new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1);
                    for (String text : texts) {
                        if (bytes.contains(text)) {
                            found.add(relations.getOrDefault(name, name) + ": " + text);
                        }
                    }
                }
            }
        }
        return found;
    }

    private Map<String, String> relations() throws SQLException {
        Map<String, String> relations = new HashMap<>();
        try (Connection connection = Logs.connect(server);
                Statement statement = connection.createStatement();
                ResultSet row =
                        statement.executeQuery("SELECT pg_relation_filepath(oid), oid::regclass::text FROM pg_class"
                                + " WHERE pg_relation_filepath(oid) IS NOT NULL")) {
            while (row.next()) {
                relations.put(row.getString(1), row.getString(2));
            }
        }
        return relations;
    }
}
