package dev.agentloop.testkit;

import dev.agentloop.testkit.ScriptedResponse.Ending;
import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One connection to a scripted server, on a thread of its own. */
final class ServerConnection implements Runnable {
    private static final Logger LOG = LoggerFactory.getLogger(ScriptedServer.class);
    private static final byte[] LINE = {'\r', '\n'};
    private static final byte[] LAST_CHUNK = "0\r\n\r\n".getBytes(StandardCharsets.US_ASCII);

    private final ScriptedServer server;
    private final Socket socket;

    ServerConnection(ScriptedServer server, Socket socket) {
        this.server = server;
        this.socket = socket;
    }

    /** The script has the connection broken here. */
    private static final class Broken extends IOException {
        private static final long serialVersionUID = 1L;
    }

    @Override
    public void run() {
        try (socket) {
            socket.setTcpNoDelay(true);
            OutputStream out = socket.getOutputStream();
            HttpRequest.Reader reader = new HttpRequest.Reader(socket.getInputStream());
            HttpRequest request;
            do {
                request = reader.next(() -> send(out, "HTTP/1.1 100 Continue\r\n\r\n"));
            } while (request != null && answer(request, out) && request.keepsAlive());
        } catch (IOException e) {
            // The other side left, the server was closed, or the script says so.
            LOG.debug("connection ended: {}", e.toString());
        } catch (InterruptedException e) {
            LOG.debug("the server was closed while an answer waited");
        } catch (RuntimeException | Error e) {
            server.failed(e);
        } finally {
            server.ended(socket);
        }
    }

    /** Answers one request; false if the connection ends with it. */
    private boolean answer(HttpRequest request, OutputStream out) throws IOException, InterruptedException {
        ScriptedServer.Planned planned = server.plan(request);
        boolean goesOn = planned.reply() instanceof ScriptedResponse response
                ? respond(response, planned, out)
                : reply((HttpReply) planned.reply(), out);
        planned.over().run();
        return goesOn;
    }

    private static boolean reply(HttpReply reply, OutputStream out) throws IOException {
        if (reply.status() == 0) {
            return false;
        }
        StringBuilder head = new StringBuilder("HTTP/1.1 " + reply.status() + " Scripted\r\n");
        reply.headers().forEach(header -> head.append(header).append("\r\n"));
        head.append("content-length: ").append(reply.body().length).append("\r\n\r\n");
        byte[] bytes = head.toString().getBytes(StandardCharsets.ISO_8859_1);
        byte[] all = Arrays.copyOf(bytes, bytes.length + reply.body().length);
        System.arraycopy(reply.body(), 0, all, bytes.length, reply.body().length);
        out.write(all);
        out.flush();
        return true;
    }

    private boolean respond(ScriptedResponse response, ScriptedServer.Planned planned, OutputStream out)
            throws IOException, InterruptedException {
        if (planned.form() != ResponseEvents.Form.STREAM) {
            byte[] whole = planned.events().whole(planned.form());
            breakIfScripted(response);
            return reply(ScriptedServer.json(200, planned.number(), whole), out) && !response.closes();
        }
        String head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\nx-request-id: req_"
                + planned.number() + "\r\ntransfer-encoding: chunked\r\n\r\n";
        ChunkedBody body = new ChunkedBody(response, head.getBytes(StandardCharsets.US_ASCII), out);
        planned.events().stream(body::send);
        breakIfScripted(response);
        body.end();
        return !response.closes();
    }

    private void breakIfScripted(ScriptedResponse response) throws IOException {
        if (response.ending() == Ending.SILENT) {
            // Until the client closes, or the server does.
            while (socket.getInputStream().read() >= 0) {
                LOG.trace("a client that was told nothing says something");
            }
        }
        if (response.ending() == Ending.SILENT || response.ending() == Ending.BROKEN) {
            throw new Broken();
        }
    }

    private static void send(OutputStream out, String text) throws IOException {
        out.write(text.getBytes(StandardCharsets.US_ASCII));
        out.flush();
    }

    /** A body in chunks, which may be cut or come in small pieces. Head and first chunk go out together. */
    private static final class ChunkedBody {
        private final ScriptedResponse response;
        private final OutputStream out;
        private byte[] head;
        private int left;

        ChunkedBody(ScriptedResponse response, byte[] head, OutputStream out) {
            this.response = response;
            this.head = head;
            this.out = out;
            this.left = response.cutAfter() < 0 ? Integer.MAX_VALUE : response.cutAfter();
        }

        void send(byte[] bytes) throws IOException {
            int piece = response.pieceBytes() > 0 ? response.pieceBytes() : bytes.length;
            for (int from = 0; from < bytes.length; from += piece) {
                int count = Math.min(Math.min(piece, bytes.length - from), left);
                chunk(bytes, from, count);
                left -= count;
                if (left == 0) {
                    throw new Broken();
                }
            }
        }

        private void chunk(byte[] bytes, int from, int count) throws IOException {
            byte[] size = (Integer.toHexString(count) + "\r\n").getBytes(StandardCharsets.US_ASCII);
            byte[] all = Arrays.copyOf(head, head.length + size.length + count + LINE.length);
            int at = head.length;
            System.arraycopy(size, 0, all, at, size.length);
            System.arraycopy(bytes, from, all, at + size.length, count);
            System.arraycopy(LINE, 0, all, at + size.length + count, LINE.length);
            head = new byte[0];
            if (count > 0) {
                out.write(all);
                out.flush();
            }
        }

        void end() throws IOException {
            out.write(LAST_CHUNK);
            out.flush();
        }
    }
}
