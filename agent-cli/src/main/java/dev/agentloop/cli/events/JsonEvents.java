package dev.agentloop.cli.events;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import dev.agentloop.AgentEvent;
import dev.agentloop.AgentListener;
import dev.agentloop.Item;
import dev.agentloop.Outcome;
import dev.agentloop.PrefixCache;
import dev.agentloop.ToolCall;
import dev.agentloop.Usage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Writes events as JSON, one a line; docs/command-line.md lists them. Fields are only ever added. Used by the thread that
 * runs.
 */
public final class JsonEvents implements AgentListener {
    /** How many characters that one call prints are written at the most, with what each event takes itself. */
    static final int MOST_PRINTED = 64 * 1024;

    private static final JsonFactory JSON = new JsonFactory();

    private final PrintStream out;
    private final Printed printed = new Printed();

    public JsonEvents(PrintStream out) {
        this.out = out;
    }

    /** Writes fields of an object. */
    public interface Fields {
        void write(JsonGenerator json) throws IOException;
    }

    /**
     * How much of what calls print while they run goes into the events: a command can print without end, and its output
     * for the model comes whole or cut in {@code tool_ended}.
     */
    private static final class Printed {
        /** About as long as an event without its text. */
        private static final int EVENT = 64;

        private final Map<String, Call> calls = new HashMap<>();

        /** What one call has printed. */
        private static final class Call {
            private int written;
            private long leftOut;
        }

        /**
         * The part of a text that is still written.
         *
         * @return the text or its beginning; empty where there is no more room, and nothing is to be written
         */
        String take(AgentEvent.ToolProgress event) {
            Call call = calls.computeIfAbsent(event.callId(), id -> new Call());
            String text = event.text();
            int room = Math.max(0, MOST_PRINTED - call.written - EVENT);
            int end = Math.min(room, text.length());
            if (end > 0 && end < text.length() && Character.isHighSurrogate(text.charAt(end - 1))) {
                end--;
            }
            // Once something is left out, all that follows is: a reader has the beginning, not pieces.
            end = call.leftOut > 0 ? 0 : end;
            call.leftOut += text.length() - end;
            call.written += end == 0 ? 0 : end + EVENT;
            return text.substring(0, end);
        }

        /** Whether something of what a call printed was left out so far. */
        boolean isCut(String callId) {
            Call call = calls.get(callId);
            return call != null && call.leftOut > 0;
        }

        /** Writes how much was left out of a call that has ended, if anything was, and forgets the call. */
        void end(String callId, JsonGenerator json) throws IOException {
            Call call = calls.remove(callId);
            if (call != null && call.leftOut > 0) {
                json.writeNumberField("progress_left_out", call.leftOut);
            }
        }
    }

    /** The first line: which conversation the events are of. */
    public void opened(String conversation, String store) {
        line("conversation", json -> {
            json.writeStringField("conversation", conversation);
            json.writeStringField("store", store);
        });
    }

    /** The last line of a run that failed. */
    public void failed(String message) {
        line("error", json -> json.writeStringField("message", message));
    }

    @Override
    public void onEvent(AgentEvent event) {
        if (event instanceof AgentEvent.Delta e) {
            line("delta", json -> {
                json.writeStringField("kind", word(e.kind()));
                json.writeStringField("text", e.text());
            });
        } else if (event instanceof AgentEvent.ItemAdded e) {
            line("item_added", json -> item(json, e.item()));
        } else if (!ofATool(event) && !ofAStep(event) && !ofTheContext(event)) {
            ofTheRun(event);
        }
    }

    private boolean ofATool(AgentEvent event) {
        if (event instanceof AgentEvent.ToolStarted e) {
            line("tool_started", json -> call(json, e.call()));
        } else if (event instanceof AgentEvent.ToolProgress e) {
            progressed(e);
        } else if (event instanceof AgentEvent.ToolEnded e) {
            line("tool_ended", json -> {
                json.writeStringField("call_id", e.call().callId());
                json.writeStringField("name", e.call().name());
                json.writeBooleanField("error", e.output().error());
                json.writeNumberField("milliseconds", e.time().toMillis());
                json.writeStringField("output", e.output().text());
                printed.end(e.call().callId(), json);
            });
        } else if (event instanceof AgentEvent.ApprovalAsked e) {
            line("approval_asked", json -> pending(json, e.question()));
        } else if (event instanceof AgentEvent.ApprovalDecided e) {
            line("approval_decided", json -> {
                json.writeStringField("call_id", e.callId());
                json.writeBooleanField("approved", e.answer().approved());
                json.writeStringField("reason", e.answer().reason());
                given(json, "rule", e.answer().rule());
            });
        } else if (event instanceof AgentEvent.DuplicateCall e) {
            line("duplicate_call", json -> json.writeStringField("call_id", e.callId()));
        } else {
            return false;
        }
        return true;
    }

    private void progressed(AgentEvent.ToolProgress event) {
        boolean cutBefore = printed.isCut(event.callId());
        String text = printed.take(event);
        if (cutBefore) {
            return;
        }
        line("tool_progress", json -> {
            json.writeStringField("call_id", event.callId());
            json.writeStringField("text", text);
            if (printed.isCut(event.callId())) {
                json.writeBooleanField("cut", true);
            }
        });
    }

    private boolean ofAStep(AgentEvent event) {
        if (event instanceof AgentEvent.StepStarted e) {
            line("step_started", json -> {
                json.writeNumberField("step", e.step());
                json.writeNumberField("prompt_bytes", e.prefix().totalBytes());
                json.writeNumberField("reusable_bytes", e.prefix().reusableBytes());
                broken(json, e.prefix().broken());
            });
        } else if (event instanceof AgentEvent.StepEnded e) {
            line("step_ended", json -> {
                json.writeNumberField("step", e.step());
                json.writeStringField("broken", e.broken());
                usage(json, e.usage());
            });
        } else if (event instanceof AgentEvent.CacheUsed e) {
            line("cache_used", json -> {
                json.writeNumberField("step", e.step());
                json.writeNumberField("expected_tokens", e.reuse().expectedTokens());
                json.writeNumberField("missed_tokens", e.reuse().missedTokens());
                json.writeStringField("miss", word(e.reuse().miss()));
                if (e.diagnosis() != null) {
                    json.writeStringField("diagnosis", e.diagnosis().type());
                    json.writeStringField("reason", e.diagnosis().reason());
                }
            });
        } else if (event instanceof AgentEvent.Retrying e) {
            line("retrying", json -> {
                json.writeNumberField("attempt", e.attempt());
                json.writeNumberField("delay_milliseconds", e.delay().toMillis());
                json.writeStringField("cause", e.cause());
            });
        } else {
            return false;
        }
        return true;
    }

    private boolean ofTheContext(AgentEvent event) {
        if (event instanceof AgentEvent.ContextMeasured e) {
            line("context_measured", json -> {
                json.writeNumberField("tokens", e.context().tokens());
                json.writeNumberField("window", e.context().window());
                json.writeNumberField("limit", e.context().limit());
                json.writeBooleanField("estimated", e.context().estimated());
            });
        } else if (event instanceof AgentEvent.CompactionStarted e) {
            line("compaction_started", json -> {
                json.writeStringField("by", e.by());
                json.writeStringField("reason", word(e.reason()));
                json.writeNumberField("tokens", e.context().tokens());
                json.writeNumberField("miss_tokens", e.missTokens());
                json.writeNumberField("cost", e.cost());
                usage(json, e.offer().usage());
            });
        } else if (event instanceof AgentEvent.CompactionFailed e) {
            line("compaction_failed", json -> {
                json.writeStringField("by", e.by());
                json.writeStringField("cause", e.cause());
            });
        } else if (event instanceof AgentEvent.Compacted e) {
            line("compacted", json -> {
                json.writeStringField("by", e.by());
                json.writeNumberField("tokens_before", e.before().tokens());
                json.writeNumberField("tokens_after", e.after().tokens());
                usage(json, e.usage());
            });
        } else {
            return false;
        }
        return true;
    }

    private void ofTheRun(AgentEvent event) {
        if (event instanceof AgentEvent.RunStarted e) {
            line("run_started", json -> {
                json.writeStringField("conversation", e.conversation());
                json.writeNumberField("version", e.version());
            });
        } else if (event instanceof AgentEvent.ContextAdded e) {
            line("context_added", json -> {
                json.writeStringField("section", e.section());
                item(json, e.item());
            });
        } else if (event instanceof AgentEvent.EpochStarted e) {
            line("epoch_started", json -> {
                json.writeNumberField("epoch", e.epoch());
                json.writeStringField("reason", e.reason());
            });
        } else if (event instanceof AgentEvent.Warning e) {
            line("warning", json -> json.writeStringField("text", e.text()));
        } else if (event instanceof AgentEvent.RunEnded e) {
            line("run_ended", json -> outcome(json, e.outcome()));
        }
    }

    private static void outcome(JsonGenerator json, Outcome outcome) throws IOException {
        json.writeStringField("conversation", outcome.conversation());
        json.writeNumberField("version", outcome.summary().version());
        json.writeStringField("outcome", name(outcome));
        json.writeStringField("text", outcome.partialText());
        json.writeStringField("description", outcome.describe());
        json.writeNumberField("steps", outcome.summary().steps());
        usage(json, outcome.usage());
        if (outcome instanceof Outcome.AwaitingApproval awaiting) {
            json.writeArrayFieldStart("pending");
            for (Outcome.Pending question : awaiting.pending()) {
                json.writeStartObject();
                pending(json, question);
                json.writeEndObject();
            }
            json.writeEndArray();
        }
    }

    /** The outcome in one word: {@code finished}, {@code limit_reached} and so on. */
    private static String name(Outcome outcome) {
        return outcome.getClass()
                .getSimpleName()
                .replaceAll("(?<=[a-z])(?=[A-Z])", "_")
                .toLowerCase(Locale.ROOT);
    }

    private static void pending(JsonGenerator json, Outcome.Pending question) throws IOException {
        json.writeStringField("call_id", question.callId());
        json.writeStringField("name", question.tool());
        json.writeStringField("arguments", question.arguments());
        json.writeStringField("question", question.question());
        given(json, "place", question.place());
        given(json, "rule", question.rule());
    }

    private static void given(JsonGenerator json, String name, String text) throws IOException {
        if (!text.isEmpty()) {
            json.writeStringField(name, text);
        }
    }

    private static void call(JsonGenerator json, ToolCall call) throws IOException {
        json.writeStringField("call_id", call.callId());
        json.writeStringField("name", call.name());
        json.writeStringField("arguments", call.arguments());
    }

    private static void item(JsonGenerator json, Item item) throws IOException {
        json.writeFieldName("item");
        json.writeRawValue(item.json());
    }

    private static void usage(JsonGenerator json, Usage usage) throws IOException {
        json.writeObjectFieldStart("usage");
        json.writeNumberField("input", usage.input());
        json.writeNumberField("cached", usage.cached());
        json.writeNumberField("cache_written", usage.cacheWritten());
        json.writeNumberField("output", usage.output());
        json.writeNumberField("reasoning", usage.reasoning());
        json.writeBooleanField("estimated", usage.estimated());
        json.writeEndObject();
    }

    private static void broken(JsonGenerator json, PrefixCache.@Nullable Break broken) throws IOException {
        if (broken != null) {
            json.writeObjectFieldStart("broken");
            json.writeStringField("reason", broken.reason());
            json.writeStringField("change", broken.change());
            json.writeStringField("section", broken.section());
            json.writeNumberField("item", broken.item());
            json.writeStringField("field", broken.field());
            json.writeNumberField("offset", broken.offset());
            if (broken.epoch() != null) {
                json.writeStringField("epoch", broken.epoch());
            }
            json.writeEndObject();
        }
    }

    private static String word(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT);
    }

    private void line(String type, Fields fields) {
        line(out, json -> {
            json.writeStringField("type", type);
            fields.write(json);
        });
        out.flush();
    }

    /** Writes an object as one line. */
    public static void line(PrintStream out, Fields fields) {
        ByteArrayOutputStream line = new ByteArrayOutputStream(256);
        try (JsonGenerator json = JSON.createGenerator(line)) {
            json.writeStartObject();
            fields.write(json);
            json.writeEndObject();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        line.write('\n');
        out.writeBytes(line.toByteArray());
    }
}
