package dev.agentloop.benchmarks;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;

/**
 * The least that a client of the JDK's {@link HttpClient} must do: keeps the bytes of the conversation, sends them without
 * a copy, cuts the item out of the response, reads the call's arguments, and appends the tool's output. All of it on one
 * thread. It checks nothing, keeps no log, and cannot be cancelled.
 */
final class FloorContender implements Contender {
    private static final JsonFactory JSON = new JsonFactory();
    private static final byte[] END = {']', '}'};
    private static final int OK = 200;

    private final HttpClient client =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final URI uri;

    FloorContender(URI base) {
        this.uri = URI.create(base + "/responses");
    }

    @Override
    public Conversation conversation(Row row, IntFunction<String> outputs) {
        return new KeptBytes(row, outputs);
    }

    private static byte[] begin(Row row) {
        StringBuilder images = new StringBuilder();
        for (String image : row.images()) {
            images.append(",{\"type\":\"input_image\",\"image_url\":\"")
                    .append(image)
                    .append("\",\"detail\":\"auto\"}");
        }
        return ("{\"model\":\"" + Work.MODEL + "\",\"instructions\":\"" + Work.INSTRUCTIONS
                        + "\",\"tools\":[{\"type\":\"function\",\"name\":\"" + Work.TOOL + "\",\"description\":\""
                        + Work.DESCRIPTION + "\",\"parameters\":" + Work.PARAMETERS
                        + ",\"strict\":true}],\"store\":false,\"stream\":true,\"input\":[{\"type\":\"message\","
                        + "\"role\":\"user\",\"content\":[{\"type\":\"input_text\",\"text\":\"" + Work.QUESTION + "\"}"
                        + images + "]}")
                .getBytes(StandardCharsets.US_ASCII);
    }

    private final class KeptBytes implements Conversation {
        private final Row row;
        private final IntFunction<String> outputs;
        private final KeptBody body = new KeptBody();

        KeptBytes(Row row, IntFunction<String> outputs) {
            this.row = row;
            this.outputs = outputs;
        }

        @Override
        public void run() throws IOException, InterruptedException {
            body.writeBytes(begin(row));
            EventLines lines = new EventLines();
            for (int turn = 1; ; turn++) {
                body.writeBytes(END);
                byte[] event = lines.item(send());
                body.shorten(END.length);
                Item item = Item.in(event);
                if (item.callId.isEmpty()) {
                    return;
                }
                body.write(',');
                body.write(event, item.from, item.to - item.from);
                body.write(',');
                Work.check(command(item.arguments));
                addOutput(item.callId, outputs.apply(turn));
            }
        }

        private InputStream send() throws IOException, InterruptedException {
            HttpRequest request = HttpRequest.newBuilder(uri)
                    .header("Content-Type", "application/json")
                    .header("Authorization", "Bearer none")
                    .POST(body.publisher())
                    .build();
            HttpResponse<InputStream> response = client.send(request, HttpResponse.BodyHandlers.ofInputStream());
            if (response.statusCode() != OK) {
                throw new IOException("status " + response.statusCode());
            }
            return response.body();
        }

        private void addOutput(String callId, String output) throws IOException {
            try (JsonGenerator json = JSON.createGenerator(body)) {
                json.writeStartObject();
                json.writeStringField("type", "function_call_output");
                json.writeStringField("call_id", callId);
                json.writeStringField("output", output);
                json.writeEndObject();
            }
        }

        @Override
        public void close() {
            // It has no threads but the client's.
        }
    }

    private static List<String> command(String arguments) throws IOException {
        List<String> texts = new ArrayList<>(2);
        try (JsonParser json = JSON.createParser(arguments)) {
            for (JsonToken token = json.nextToken(); token != null; token = json.nextToken()) {
                if (token == JsonToken.VALUE_STRING) {
                    texts.add(json.getText());
                }
            }
        }
        return texts;
    }

    /** An item in the data of an event: where it lies, and what of it is needed where it is a call. */
    private static final class Item {
        private String callId = "";
        private String arguments = "";
        private int from;
        private int to;

        static Item in(byte[] event) throws IOException {
            Item item = new Item();
            try (JsonParser json = JSON.createParser(event)) {
                json.nextToken();
                while (json.nextToken() == JsonToken.FIELD_NAME) {
                    boolean found = json.currentName().equals("item");
                    json.nextToken();
                    if (found) {
                        item.from = (int) json.currentTokenLocation().getByteOffset();
                        item.read(json);
                        item.to = (int) json.currentLocation().getByteOffset();
                    } else {
                        json.skipChildren();
                    }
                }
            }
            return item;
        }

        private void read(JsonParser json) throws IOException {
            while (json.nextToken() == JsonToken.FIELD_NAME) {
                String name = json.currentName();
                json.nextToken();
                if (name.equals("call_id")) {
                    callId = json.getText();
                } else if (name.equals("arguments")) {
                    arguments = json.getText();
                } else {
                    json.skipChildren();
                }
            }
        }
    }
}
