package dev.agentloop.tools.internal.edit;

import dev.agentloop.tools.internal.edit.RandomText.Line;
import java.nio.charset.StandardCharsets;
import java.text.Normalizer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;

/** A patch of random changes to files, and what must be so when it was applied; it is right unless it was damaged. */
final class RandomPatch {
    /** What becomes of a file that a patch names. */
    sealed interface Outcome permits Gone, Written, Changed {}

    record Gone() implements Outcome {}

    record Written(byte[] content) implements Outcome {}

    /**
     * @param exact the texts of all lines, where each chunk has but one place; else null
     */
    record Changed(RandomText before, List<String> removed, List<String> added, List<String> exact)
            implements Outcome {}

    private final Random random;
    private final Map<String, RandomText> files;
    private final List<String> lines = new ArrayList<>(List.of("*** Begin Patch"));
    private final Map<String, Outcome> outcomes = new TreeMap<>();
    /** Whether it asks for what a file cannot hold, or for lines that are more exactly elsewhere. */
    private boolean mayFail;

    private RandomPatch(Random random, Map<String, RandomText> files) {
        this.random = random;
        this.files = files;
    }

    static RandomPatch of(Random random, Map<String, RandomText> files) {
        RandomPatch patch = new RandomPatch(random, files);
        List<String> names = new ArrayList<>(files.keySet());
        Collections.shuffle(names, random);
        int count = 1 + random.nextInt(3);
        for (String name : names.subList(0, Math.min(count, names.size()))) {
            patch.change(name);
        }
        if (patch.outcomes.isEmpty() || random.nextInt(4) == 0) {
            patch.add("new/file" + random.nextInt(100) + ".txt");
        }
        patch.lines.add("*** End Patch");
        return patch;
    }

    List<String> lines() {
        return lines;
    }

    Map<String, Outcome> outcomes() {
        return outcomes;
    }

    boolean mayFail() {
        return mayFail;
    }

    private void change(String name) {
        if (random.nextInt(6) == 0) {
            lines.add("*** Delete File: " + named(name));
            outcomes.put(name, new Gone());
            return;
        }
        String target = random.nextInt(5) == 0 ? "moved/" + name : name;
        List<String> head = new ArrayList<>(List.of("*** Update File: " + named(name)));
        if (!target.equals(name)) {
            head.add("*** Move to: " + target);
            outcomes.put(name, new Gone());
        }
        Chunks chunks = new Chunks(files.get(name));
        lines.addAll(head);
        if (target.equals(name) || random.nextInt(3) != 0) {
            chunks.write();
        }
        outcomes.put(target, chunks.outcome());
    }

    /** A name, in the other Unicode form if that does not name another file. */
    private String named(String name) {
        String nfc = Normalizer.normalize(name, Normalizer.Form.NFC);
        String other = nfc.equals(name) ? Normalizer.normalize(name, Normalizer.Form.NFD) : nfc;
        return random.nextBoolean() && !files.containsKey(other) ? other : name;
    }

    private void add(String name) {
        lines.add("*** Add File: " + name);
        StringBuilder content = new StringBuilder();
        for (int i = random.nextInt(4); i > 0; i--) {
            String text = plain(true);
            lines.add("+" + text);
            content.append(text).append('\n');
        }
        outcomes.put(name, new Written(content.toString().getBytes(StandardCharsets.UTF_8)));
    }

    /** A text that stands in one line of a patch. */
    private String plain(boolean beyondLatin) {
        return RandomText.text(random, beyondLatin).replace("\r", "");
    }

    /** The chunks for one file, from top to bottom. */
    private final class Chunks {
        private final RandomText file;
        private final List<String> removed = new ArrayList<>();
        private final List<String> added = new ArrayList<>();
        private final List<String> exact = new ArrayList<>();
        private boolean certain = true;
        private int at;

        Chunks(RandomText file) {
            this.file = file;
        }

        Outcome outcome() {
            while (at < file.lines().size()) {
                exact.add(file.lines().get(at++).text());
            }
            return new Changed(file, removed, added, certain ? exact : null);
        }

        void write() {
            boolean first = true;
            for (int left = 1 + random.nextInt(3); left > 0; left--) {
                int start = at + random.nextInt(Math.max(1, file.lines().size() - at));
                int end = start;
                while (end < file.lines().size() && end - start < 4 && sayable(end) && random.nextInt(4) != 0) {
                    end++;
                }
                if (end > start) {
                    chunk(start, end, first);
                    first = false;
                } else if (start < file.lines().size() && isMark(start)) {
                    below(start);
                    first = false;
                } else if (left == 1) {
                    atEnd();
                    return;
                }
            }
            if (first) {
                atEnd();
            }
        }

        private void chunk(int start, int end, boolean first) {
            boolean named = start > at && isMark(start - 1) && random.nextBoolean();
            if (named) {
                lines.add("@@ " + file.lines().get(start - 1).text());
                certain &= isOnly(start - 1, start);
            } else if (!first || !isMark(start) || random.nextBoolean()) {
                // Without this a blank first line is taken for blank space after the header.
                lines.add("@@");
            }
            boolean only = isOnly(start, end);
            certain &= only;
            pass(start);
            for (int i = start; i < end; i++) {
                come(5);
                String text = file.lines().get(i).text();
                boolean goes = random.nextInt(5) < 2;
                String written = alike(text);
                mayFail |= !only && !written.equals(text);
                if (goes) {
                    removed.add(text);
                } else {
                    exact.add(text);
                }
                lines.add(text.isEmpty() && !goes && random.nextBoolean() ? "" : (goes ? "-" : " ") + written);
            }
            at = end;
            come(3);
            if (end == file.lines().size() && random.nextBoolean()) {
                lines.add("*** End of File");
            }
        }

        private void below(int mark) {
            lines.add("@@ " + file.lines().get(mark).text());
            certain &= isOnly(mark, mark + 1);
            pass(mark + 1);
            come(1);
        }

        private void atEnd() {
            lines.add("@@");
            pass(file.lines().size());
            come(1);
        }

        /** Lines that come, one at least if {@code rarity} is one. */
        private void come(int rarity) {
            while (random.nextInt(rarity) == 0) {
                boolean beyond = !file.isLatin() || random.nextInt(20) == 0;
                String text = plain(beyond);
                mayFail |= file.isLatin() && text.chars().anyMatch(c -> c > 0xFF);
                lines.add("+" + text);
                added.add(text);
                exact.add(text);
                if (rarity == 1) {
                    come(2);
                    return;
                }
            }
        }

        private void pass(int to) {
            while (at < to) {
                exact.add(file.lines().get(at++).text());
            }
        }

        /** A text as a model may write it: now and then in the other Unicode form, or with blank space at its end. */
        private String alike(String text) {
            return switch (random.nextInt(12)) {
                case 0 -> Normalizer.normalize(text, Normalizer.Form.NFC);
                case 1 -> Normalizer.normalize(text, Normalizer.Form.NFD);
                case 2 -> text + " ";
                case 3 -> text.replace('\u2019', '\'').replace('\u2013', '-');
                default -> text;
            };
        }

        private boolean sayable(int index) {
            return file.lines().get(index).text().indexOf('\r') < 0;
        }

        private boolean isMark(int index) {
            return sayable(index) && !file.lines().get(index).text().isBlank();
        }

        /** Whether nothing like these lines is anywhere else in the file. */
        private boolean isOnly(int start, int end) {
            List<String> all =
                    file.lines().stream().map(Line::text).map(RandomText::alike).toList();
            List<String> wanted = all.subList(start, end);
            return Collections.indexOfSubList(all, wanted) == start
                    && Collections.lastIndexOfSubList(all, wanted) == start;
        }
    }
}
