package dev.agentloop;

/** Counts identical calls with identical outputs in a row. Not thread-safe. */
final class RepeatedCalls {
    /** From this count on, the model is told. */
    static final int TOLD = 5;

    private static final String NOTE = "\n\n[The same call has given this same output ";

    private String name = "";
    private String arguments = "";
    private String output = "";
    private int count;

    /** Counts a call whose output has its place in the prompt. */
    void count(Item.Call call, Item.Output item) {
        String text = item.text();
        int note = text.lastIndexOf(NOTE);
        String plain = note < 0 ? text : text.substring(0, note);
        count = same(call.name(), call.arguments(), plain) ? count + 1 : 1;
        name = call.name();
        arguments = call.arguments();
        output = plain;
    }

    /** How often in a row the newest call has given the same. */
    int count() {
        return count;
    }

    /** The output with a note for the model, where it has seen the same for the fifth time in a row and after. */
    ToolOutput noted(ToolCall call, ToolOutput given) {
        boolean plainText = given.parts().size() == 1 && given.parts().get(0) instanceof ToolOutput.Text;
        if (!plainText || count + 1 < TOLD || !same(call.name(), call.arguments(), given.text())) {
            return given;
        }
        String note = NOTE + (count + 1) + " times in a row. Repeating it will not change that; try something else.]";
        return new ToolOutput(java.util.List.of(new ToolOutput.Text(given.text() + note)), given.error());
    }

    private boolean same(String otherName, String otherArguments, String otherOutput) {
        return count > 0 && name.equals(otherName) && arguments.equals(otherArguments) && output.equals(otherOutput);
    }
}
