package dev.agentloop.pg;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * What all processes of a fight have said about themselves in their {@link FightRecord}s.
 *
 * @param writers who tried to append an entry, by the entry's hash
 * @param processes the process of each writer
 * @param acknowledged the ends of the appends that the store acknowledged
 * @param kept what users said and the library took
 * @param effects the calls of tools that had an effect, as often as they had it
 * @param refused how often appends and runs were refused, by the reason
 * @param unexpected what never should have happened
 */
record FightAccounts(
        Map<String, String> writers,
        Map<String, String> processes,
        List<Acknowledged> acknowledged,
        List<String> kept,
        List<String> effects,
        Map<String, Integer> refused,
        List<String> unexpected) {

    /** The end of an append that the store acknowledged. */
    record Acknowledged(long version, String hash) {}

    private static FightAccounts none() {
        return new FightAccounts(
                new HashMap<>(),
                new HashMap<>(),
                new ArrayList<>(),
                new ArrayList<>(),
                new ArrayList<>(),
                new TreeMap<>(),
                new ArrayList<>());
    }

    /** Reads the records in this folder. */
    static FightAccounts in(Path folder) {
        FightAccounts all = none();
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.filter(FightAccounts::isRecord).sorted().toList()) {
                all.add(file);
            }
            return all;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Where a process of this name keeps its record. */
    static Path file(Path folder, String name) {
        return folder.resolve(name + ".record");
    }

    private static boolean isRecord(Path file) {
        return file.toString().endsWith(".record");
    }

    private void add(Path file) throws IOException {
        String text = Files.readString(file);
        String process = "";
        // A process may have been killed while it wrote a line: that one has no end, and says nothing.
        for (String line : text.substring(0, text.lastIndexOf('\n') + 1).lines().toList()) {
            String[] words = line.split(" ");
            String rest = line.substring(words[0].length() + 1);
            switch (words[0]) {
                case "process" -> process = rest;
                case "attempted" -> attempted(process, words);
                case "acknowledged" -> acknowledged.add(new Acknowledged(Long.parseLong(words[1]), words[2]));
                case "refused" -> refused.merge(rest, 1, Integer::sum);
                case "kept" -> kept.add(rest);
                case "effect" -> effects.add(rest);
                default -> unexpected.add(file.getFileName() + ": " + line);
            }
        }
    }

    private void attempted(String process, String[] words) {
        processes.put(words[1], process);
        for (int i = 2; i < words.length; i++) {
            String other = writers.put(words[i], words[1]);
            if (other != null && !other.equals(words[1])) {
                unexpected.add("entry " + words[i] + " was tried by " + other + " and by " + words[1]);
            }
        }
    }
}
