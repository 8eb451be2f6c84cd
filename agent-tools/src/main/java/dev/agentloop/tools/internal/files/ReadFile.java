package dev.agentloop.tools.internal.files;

import dev.agentloop.Tool;
import dev.agentloop.ToolOutput;
import dev.agentloop.tools.internal.call.ActionTool;
import dev.agentloop.tools.internal.call.Refusal;
import dev.agentloop.tools.internal.call.ToolArguments;
import dev.agentloop.tools.internal.workspace.FileNames;
import dev.agentloop.tools.internal.workspace.ResolvedPath;
import dev.agentloop.tools.internal.workspace.Workspace;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** The tool {@code read_file}: lines of a text file of any size, with their numbers. */
public final class ReadFile {
    private static final Duration TIME = Duration.ofSeconds(30);
    private static final int MAX_LINE_BYTES = 500;
    private static final int DEFAULT_LINES = 2000;
    private static final int MAX_LINES = 20_000;

    private static final Tool.Specification SPECIFICATION = Tool.Specification.function(
            "read_file",
            "Reads lines of a text file, each as L{number}: {text}. Lines of more than 500 bytes are cut.",
            """
            {"type":"object","properties":{\
            "file_path":{"type":"string","description":"The file, relative to the workspace or absolute inside it."},\
            "offset":{"type":"integer","description":"The first line to read, counting from 1. Default 1."},\
            "limit":{"type":"integer","description":"The most lines to read. Default 2000."}\
            },"required":["file_path"],"additionalProperties":false}""");

    /** A line's beginning as it is in the file, a character a byte. */
    private record Line(String bytes, boolean cut) {
        String in(Charset charset) {
            return new String(bytes.getBytes(StandardCharsets.ISO_8859_1), charset);
        }
    }

    private ReadFile() {}

    public static ActionTool tool(Workspace workspace) {
        return tool(workspace, TIME);
    }

    static ActionTool tool(Workspace workspace, Duration time) {
        return ActionTool.reading(SPECIFICATION, (call, context) -> {
            ToolArguments arguments = ToolArguments.of(call, "file_path", "offset", "limit");
            String path = arguments.text("file_path");
            int offset = arguments.count("offset", 1, Integer.MAX_VALUE);
            int limit = arguments.count("limit", DEFAULT_LINES, MAX_LINES);
            try (ResolvedPath resolved = workspace.resolve(path)) {
                BasicFileAttributes attributes = resolved.requireFile();
                return ToolOutput.text(new Reading(resolved, offset, limit, time).read(attributes.size()));
            } catch (IOException e) {
                throw Refusal.about(FileNames.shown(path), e);
            }
        });
    }

    /** One call: some lines of a file, as far as they are read in time. */
    private static final class Reading {
        private final ResolvedPath resolved;
        private final int offset;
        private final int limit;
        private final Duration time;
        private final List<Line> lines = new ArrayList<>();
        private int skipped;
        private boolean more;

        Reading(ResolvedPath resolved, int offset, int limit, Duration time) {
            this.resolved = resolved;
            this.offset = offset;
            this.limit = limit;
            this.time = time;
        }

        String read(long size) throws IOException {
            // One byte more than is shown tells whether a character would be split.
            try (InputStream in = resolved.read();
                    LineReader reader = LineReader.of(in, MAX_LINE_BYTES + 1, Deadline.in(time))) {
                if (reader.binary()) {
                    throw new Refusal(resolved.text() + ": is a binary file of " + size
                            + " bytes; view_image shows images, other formats need a program run by the shell");
                }
                boolean inTime = take(reader);
                if (lines.isEmpty()) {
                    return inTime ? nothing() : late(size);
                }
                return shown(lines, offset, reader.encoding()) + ending(inTime);
            }
        }

        /** Reads the lines; false if the time ran out first. */
        private boolean take(LineReader reader) throws IOException {
            try {
                while (skipped < offset - 1 && reader.next()) {
                    skipped++;
                }
                while (lines.size() < limit && reader.next()) {
                    lines.add(line(reader));
                }
                more = reader.hasNext();
                return true;
            } catch (Deadline.Passed e) {
                if (skipped == offset - 1 && lines.size() < limit && reader.kept() > 0) {
                    lines.add(line(reader));
                }
                return false;
            }
        }

        private String nothing() throws Refusal {
            if (skipped == 0 && offset == 1) {
                return "(the file is empty)";
            }
            throw new Refusal(
                    resolved.text() + ": offset " + offset + " is after the end; the file has " + skipped + " lines");
        }

        private String late(long size) throws Refusal {
            throw new Refusal(resolved.text() + ": stopped after " + time.toSeconds() + " s in line " + (skipped + 1)
                    + ", before line " + offset + " was reached; the file has " + size
                    + " bytes: read it from the start, or cut it with a command");
        }

        private String ending(boolean inTime) {
            int next = offset + lines.size();
            if (!inTime) {
                return "(stopped after " + time.toSeconds() + " s in line " + (next - 1)
                        + "; there may be more lines)\n";
            }
            return more ? "(more lines follow: read on with offset " + next + ")\n" : "";
        }
    }

    private static Line line(LineReader reader) {
        boolean cut = reader.length() > MAX_LINE_BYTES;
        int end = Math.min(reader.kept(), MAX_LINE_BYTES);
        if (cut) {
            end = boundary(reader.bytes(), end);
        }
        return new Line(new String(reader.bytes(), 0, end, StandardCharsets.ISO_8859_1), cut);
    }

    /** The last place up to an index where no UTF-8 character is split; the index itself in what is no UTF-8. */
    private static int boundary(byte[] bytes, int index) {
        int start = index;
        while (start > index - 4 && start > 0 && (bytes[start] & 0xC0) == 0x80) {
            start--;
        }
        return (bytes[start] & 0xC0) == 0xC0 ? start : index;
    }

    private static String shown(List<Line> lines, int offset, TextEncoding encoding) {
        int malformed = firstMalformed(lines);
        Charset charset = malformed < 0 ? StandardCharsets.UTF_8 : StandardCharsets.ISO_8859_1;
        StringBuilder text = new StringBuilder();
        List<Integer> cut = new ArrayList<>();
        for (int i = 0; i < lines.size(); i++) {
            Line line = lines.get(i);
            text.append('L')
                    .append(offset + i)
                    .append(": ")
                    .append(line.in(charset))
                    .append('\n');
            if (line.cut()) {
                cut.add(offset + i);
            }
        }
        if (malformed >= 0) {
            text.append("(line ")
                    .append(offset + malformed)
                    .append(" is not UTF-8; all bytes above are shown as ISO-8859-1)\n");
        }
        if (encoding == TextEncoding.UTF_16LE || encoding == TextEncoding.UTF_16BE) {
            text.append("(the file is encoded in ").append(encoding.charset()).append(")\n");
        }
        if (!cut.isEmpty()) {
            text.append("(cut at ")
                    .append(MAX_LINE_BYTES)
                    .append(" bytes: ")
                    .append(shown(cut))
                    .append(")\n");
        }
        return text.toString();
    }

    private static String shown(List<Integer> numbers) {
        int most = Math.min(10, numbers.size());
        String some = String.join(
                ", ",
                numbers.subList(0, most).stream().map(number -> "L" + number).toList());
        return most == numbers.size() ? some : some + " and " + (numbers.size() - most) + " more";
    }

    /** The index of the first line that is not UTF-8, -1 if all are. */
    private static int firstMalformed(List<Line> lines) {
        for (int i = 0; i < lines.size(); i++) {
            try {
                StandardCharsets.UTF_8
                        .newDecoder()
                        .decode(ByteBuffer.wrap(lines.get(i).bytes().getBytes(StandardCharsets.ISO_8859_1)));
            } catch (CharacterCodingException e) {
                return i;
            }
        }
        return -1;
    }
}
