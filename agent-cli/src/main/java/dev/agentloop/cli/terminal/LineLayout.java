package dev.agentloop.cli.terminal;

import java.util.function.IntSupplier;

/**
 * Breaks lines between words where a terminal would break them anywhere. The last word of a text is kept until it is known
 * where it ends, so a text may come in pieces. Not thread-safe.
 */
final class LineLayout {
    private static final int TAB = 8;
    /** How much further in a line goes on that is indented. */
    private static final int FURTHER = 2;
    /** At most this part of a line is indentation. */
    private static final int PART = 3;

    private final IntSupplier width;
    private final StringBuilder out = new StringBuilder();
    private final StringBuilder spaces = new StringBuilder();
    private final StringBuilder word = new StringBuilder();
    private int column;
    private int spaceColumns;
    private int wordColumns;
    private int indentation;
    private boolean first = true;

    /**
     * @param width how many columns a line has; 0 where nobody knows, and no line is broken then
     */
    LineLayout(IntSupplier width) {
        this.width = width;
    }

    /** What of this text, and of what was kept, is to be shown now. */
    String place(String text) {
        text.codePoints().forEach(this::place);
        return taken();
    }

    private String taken() {
        String shown = out.toString();
        out.setLength(0);
        return shown;
    }

    private void place(int c) {
        if (c == '\n') {
            release();
            appendSpaces();
            out.append('\n');
            begin();
        } else if (c == ' ' || c == '\t') {
            release();
            spaces.appendCodePoint(c);
            spaceColumns += c == '\t' ? TAB - (column + spaceColumns) % TAB : 1;
        } else {
            int columns = TerminalText.columns(c);
            // There are no spaces between words of wide characters.
            if (columns > 1) {
                release();
            }
            word.appendCodePoint(c);
            wordColumns += columns;
            if (columns > 1 || width.getAsInt() == 0) {
                release();
            }
        }
    }

    private void begin() {
        column = 0;
        spaces.setLength(0);
        spaceColumns = 0;
        first = true;
    }

    private void release() {
        if (word.length() == 0) {
            return;
        }
        int most = width.getAsInt();
        if (first) {
            indentation = goesOnAt();
            first = false;
        } else if (most > 0 && column + spaceColumns + wordColumns > most) {
            int indented = Math.min(indentation, most / PART);
            out.append('\n').append(" ".repeat(indented));
            column = indented;
            spaces.setLength(0);
            spaceColumns = 0;
        }
        out.append(spaces).append(word);
        column += spaceColumns + wordColumns;
        // A word that is longer than a line is broken by the terminal.
        column = most > 0 && column > most ? column % most : column;
        spaces.setLength(0);
        spaceColumns = 0;
        word.setLength(0);
        wordColumns = 0;
    }

    /** Where a line goes on that begins with this word. */
    private int goesOnAt() {
        if (word.toString().matches("[-*+•$>|]|\\d{1,3}[.)]")) {
            return spaceColumns + wordColumns + 1;
        }
        return spaceColumns == 0 ? 0 : spaceColumns + FURTHER;
    }

    /** The spaces that were kept, for whoever is asked for something now. */
    String flush() {
        if (word.length() == 0) {
            appendSpaces();
        }
        return taken();
    }

    private void appendSpaces() {
        if (width.getAsInt() == 0 || column + spaceColumns <= width.getAsInt()) {
            out.append(spaces);
            column += spaceColumns;
            spaces.setLength(0);
            spaceColumns = 0;
        }
    }

    /** Whether nothing stands in the line. */
    boolean atBegin() {
        return column == 0 && spaceColumns == 0 && word.length() == 0;
    }

    /** Begins a line, unless one begins already. */
    String freshLine() {
        release();
        if (column > 0 || spaceColumns > 0) {
            out.append('\n');
        }
        begin();
        return taken();
    }

    /** Somebody else, such as who typed, has begun a line. */
    String lineBegun() {
        release();
        begin();
        return taken();
    }
}
