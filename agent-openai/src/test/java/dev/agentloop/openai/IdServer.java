package dev.agentloop.openai;

import static dev.agentloop.openai.Events.CREATED;
import static dev.agentloop.openai.Events.done;
import static dev.agentloop.openai.Events.event;

import com.fasterxml.jackson.databind.JsonNode;
import dev.agentloop.openai.RandomCalls.Call;
import dev.agentloop.openai.RawServer.Reply;
import dev.agentloop.openai.RawServer.Request;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * A model's server that a seed has made: how it names calls, what it answers, and where it breaks off. It knows which of
 * its calls must have an effect, and judges each request.
 */
final class IdServer {
    private static final int MOST_FAULTS_IN_A_ROW = 2;
    private static final int MOST_ADDING_NOTHING = 2;
    private static final int MOST_EQUAL_INPUTS = 1 + MOST_ADDING_NOTHING;
    private static final int MOST_REQUESTS_OF_A_TURN = 80;

    private final Random random;
    private final boolean plain;
    private final RandomCalls calls;
    private final Lists lists;
    private final List<String> violations = new ArrayList<>();
    private final List<String> expected = new ArrayList<>();
    private final Map<String, Integer> inputs = new HashMap<>();
    private List<Call> broken = List.of();
    private Turn turn = Turn.ENDS;
    private JsonNode lastInput = Recording.tree("[]");
    private String answer = "";
    private int requests;
    private int requestsOfTurn;
    private int steps;
    private int faults;
    private int addingNothing;
    private int answers;

    /** How a turn is to end. */
    enum Turn {
        ENDS,
        NOTHING_FOR_EVER,
        ERRORS_FOR_EVER,
        CUTS_FOR_EVER
    }

    /** What the list in the last event of a response has. */
    private enum Lists {
        ALL,
        NONE,
        ALL_WITHOUT_OTHER_EVENTS
    }

    /** One call of a response: a new one, or one of a response that broke off once more. */
    private record Sent(Call call, boolean isNew) {}

    /** A server without anything odd about its ids and arguments if it is to be {@code plain}. */
    IdServer(long seed, boolean plain) {
        // Seeds in a row begin alike.
        this.random = new Random(seed * 0x9E3779B97F4A7C15L);
        this.plain = plain;
        this.calls = new RandomCalls(random, plain);
        this.lists = Lists.values()[random.nextInt(Lists.values().length)];
    }

    /** Begins a turn, and says how it must end. */
    synchronized Turn beginTurn() {
        int dice = random.nextInt(100);
        turn = dice < 5
                ? Turn.ERRORS_FOR_EVER
                : dice < 10 ? Turn.CUTS_FOR_EVER : dice < 18 ? Turn.NOTHING_FOR_EVER : Turn.ENDS;
        steps = random.nextInt(5);
        requestsOfTurn = 0;
        addingNothing = turn == Turn.NOTHING_FOR_EVER ? MOST_ADDING_NOTHING : 0;
        faults = 0;
        broken = List.of();
        calls.beginTurn();
        return turn;
    }

    boolean plain() {
        return plain;
    }

    /** What has broken a rule; empty where nothing has. */
    synchronized List<String> violations() {
        return List.copyOf(violations);
    }

    /** The calls that must have had an effect by now, each once. */
    synchronized List<String> expected() {
        return List.copyOf(expected);
    }

    /** The text that the turn must have ended with. */
    synchronized String answer() {
        return answer;
    }

    synchronized int requestsOfTurn() {
        return requestsOfTurn;
    }

    synchronized int requests() {
        return requests;
    }

    synchronized JsonNode lastInput() {
        return lastInput;
    }

    @Override
    public String toString() {
        return "server with ids " + calls.ids() + " and lists " + lists;
    }

    synchronized Reply answer(Request request) {
        lastInput = Recording.tree(request.text()).path("input");
        requests++;
        requestsOfTurn++;
        judge();
        if (requestsOfTurn > MOST_REQUESTS_OF_A_TURN) {
            violations.add(requestsOfTurn + " requests in one turn");
            return Replies.error(400, "", "too many requests");
        }
        Reply fault = fault();
        return fault != null ? fault : response(request.body().length);
    }

    private void judge() {
        List<String> found = new ArrayList<>(RequestRules.pairing(lastInput));
        found.addAll(RequestRules.form(lastInput));
        found.addAll(RequestRules.ids(lastInput));
        // What is wrong once is wrong in all requests after it.
        if (violations.isEmpty()) {
            found.forEach(rule -> violations.add("request " + requests + ", " + rule));
        }
    }

    private Reply fault() {
        if (turn == Turn.ERRORS_FOR_EVER) {
            return Replies.error(500, "", "Oops");
        }
        if (turn == Turn.CUTS_FOR_EVER) {
            return Replies.cut(CREATED);
        }
        if (faults >= MOST_FAULTS_IN_A_ROW || random.nextInt(100) >= 8) {
            return null;
        }
        faults++;
        // After a response that broke off in a call only what is no response: a call comes back in the next one.
        return switch (random.nextInt(broken.isEmpty() ? 5 : 3)) {
            case 0 -> Replies.error(500, "", "Oops");
            case 1 -> Replies.error(503, "", "Not now");
            case 2 -> Replies.nothing();
            case 3 -> Replies.cut(CREATED);
            default -> Replies.cut(CREATED + Events.delta("output_text", "He"));
        };
    }

    private Reply response(int bytes) {
        calls.beginResponse();
        List<Sent> next = next();
        if (next.isEmpty()) {
            whole(List.of(), bytes);
            return last(bytes);
        }
        int sent = 1 + random.nextInt(next.size());
        List<Sent> first = next.subList(0, sent);
        boolean breaks = lists != Lists.ALL_WITHOUT_OTHER_EVENTS
                && faults < MOST_FAULTS_IN_A_ROW
                && random.nextInt(4) == 0
                && (!plain || first.stream().anyMatch(Sent::isNew));
        if (!breaks) {
            whole(next, bytes);
            return Replies.stream(CREATED + stream(next, bytes));
        }
        faults++;
        first.stream()
                .filter(Sent::isNew)
                .forEach(call -> expected.add(call.call().what()));
        broken = first.stream().map(Sent::call).toList();
        return Replies.cut(CREATED + announced(items(first)));
    }

    /** The calls of the next response; empty where it has none. */
    private List<Sent> next() {
        List<Sent> next = new ArrayList<>();
        if (!broken.isEmpty() && random.nextInt(10) < 6) {
            boolean renamed = random.nextInt(5) == 0;
            broken.forEach(call -> next.add(renamed ? new Sent(calls.renamed(call), true) : new Sent(call, false)));
            if (!renamed && (addingNothing >= MOST_ADDING_NOTHING || random.nextInt(3) == 0)) {
                next.add(new Sent(calls.unique(), true));
            }
        } else if (steps > 0) {
            steps--;
            for (int i = 1 + random.nextInt(4); i > 0; i--) {
                // What follows a break must not look like what broke off.
                Sent call = new Sent(broken.isEmpty() ? calls.any() : calls.unique(), true);
                next.add(call);
                if (!plain && random.nextInt(5) == 0) {
                    next.add(call);
                }
            }
        }
        return next;
    }

    private void whole(List<Sent> sent, int bytes) {
        sent.stream()
                .filter(Sent::isNew)
                .forEach(call -> expected.add(call.call().what()));
        addingNothing += !sent.isEmpty() && sent.stream().noneMatch(Sent::isNew) ? 1 : 0;
        broken = List.of();
        faults = 0;
        int equal = inputs.merge(lastInput.toString(), 1, Integer::sum);
        if (equal == MOST_EQUAL_INPUTS + 1) {
            violations.add("request " + requests + ", paid for without progress: whole answers to the same input of "
                    + lastInput.size() + " items and " + bytes + " bytes: " + equal);
        }
    }

    /** A response without calls. */
    private Reply last(int bytes) {
        boolean nothing = addingNothing < MOST_ADDING_NOTHING && random.nextInt(6) == 0;
        if (turn == Turn.NOTHING_FOR_EVER || nothing) {
            addingNothing++;
            return nothing(bytes);
        }
        boolean goesOn = random.nextInt(12) == 0;
        answer = "answer " + ++answers;
        String item = Events.message(answer);
        return Replies.stream(CREATED + done(0, item) + completed(goesOn, bytes, List.of(item)));
    }

    private Reply nothing(int bytes) {
        List<String> items = switch (random.nextInt(3)) {
            case 0 -> List.of("{\"id\":\"rs_1\",\"type\":\"reasoning\",\"summary\":[]}");
            case 1 -> List.of(Events.reasoning("e"));
            default -> List.of();
        };
        return Replies.stream(CREATED + completed(!plain && random.nextBoolean(), bytes, items));
    }

    private List<String> items(List<Sent> sent) {
        List<String> items = new ArrayList<>();
        if (random.nextInt(5) == 0) {
            items.add(Events.reasoning("e" + requests));
        }
        if (sent.stream().anyMatch(Sent::isNew) && random.nextInt(5) == 0) {
            items.add(Events.message("I look"));
        }
        sent.forEach(call -> items.add(call.call().item().toString()));
        return items;
    }

    private String stream(List<Sent> sent, int bytes) {
        List<String> items = items(sent);
        return (lists == Lists.ALL_WITHOUT_OTHER_EVENTS ? "" : announced(items))
                + completed(false, bytes, lists == Lists.NONE ? List.of() : items);
    }

    /** Each item's own event; some servers send that of a call twice. */
    private String announced(List<String> items) {
        StringBuilder events = new StringBuilder();
        for (int i = 0; i < items.size(); i++) {
            boolean call = RequestRules.isCall(Recording.tree(items.get(i)));
            boolean twice = !plain && call && random.nextInt(12) == 0;
            events.append(done(i, items.get(i)).repeat(twice ? 2 : 1));
        }
        return events.toString();
    }

    private static String completed(boolean goesOn, int bytes, List<String> items) {
        String fields =
                "\"status\":\"completed\"," + (goesOn ? "\"end_turn\":false," : "") + "\"usage\":{\"input_tokens\":"
                        + bytes / 4 + ",\"output_tokens\":10,\"total_tokens\":" + (bytes / 4 + 10) + "}";
        return event("response.completed", Events.terminalJson("completed", fields, items.toArray(String[]::new)));
    }
}
