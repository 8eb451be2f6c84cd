package dev.agentloop.benchmarks;

import java.net.http.HttpRequest;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Flow;

/** Hands out a body's chunks and its end, without a copy; as little as the JDK's client needs, and no checks. */
final class ChunkPublisher implements HttpRequest.BodyPublisher {
    private final Chunks body;
    private final byte[] end;

    ChunkPublisher(Chunks body, byte[] end) {
        this.body = body;
        this.end = end;
    }

    @Override
    public long contentLength() {
        return body.length() + end.length;
    }

    @Override
    public void subscribe(Flow.Subscriber<? super ByteBuffer> subscriber) {
        List<ByteBuffer> buffers = new ArrayList<>(body.buffers());
        buffers.add(ByteBuffer.wrap(end));
        subscriber.onSubscribe(new Flow.Subscription() {
            private int next;
            private long wanted;

            @Override
            public void request(long count) {
                boolean delivering = wanted > 0;
                wanted += count;
                // The client asks for more from within onNext.
                while (!delivering && wanted > 0 && next < buffers.size()) {
                    subscriber.onNext(buffers.get(next++));
                    wanted--;
                    if (next == buffers.size()) {
                        subscriber.onComplete();
                    }
                }
            }

            @Override
            public void cancel() {
                next = buffers.size();
            }
        });
    }

    /** A body that grows at its end, in chunks that never move once they are full. */
    static final class Chunks {
        private static final int CHUNK = 64 * 1024;

        private final List<byte[]> chunks = new ArrayList<>();
        private long length;

        void add(byte[] source, int offset, int count) {
            int done = 0;
            while (done < count) {
                int at = (int) (length % CHUNK);
                if (at == 0) {
                    chunks.add(new byte[CHUNK]);
                }
                int take = Math.min(count - done, CHUNK - at);
                System.arraycopy(source, offset + done, chunks.get(chunks.size() - 1), at, take);
                done += take;
                length += take;
            }
        }

        /** Adds text of printable ASCII characters and line feeds as the inside of a JSON string. */
        void addEscaped(String text) {
            for (int i = 0; i < text.length(); i++) {
                char c = text.charAt(i);
                if (c == '"' || c == '\\' || c == '\n') {
                    add((byte) '\\');
                }
                add(c == '\n' ? (byte) 'n' : (byte) c);
            }
        }

        private void add(byte b) {
            int at = (int) (length % CHUNK);
            if (at == 0) {
                chunks.add(new byte[CHUNK]);
            }
            chunks.get(chunks.size() - 1)[at] = b;
            length++;
        }

        long length() {
            return length;
        }

        List<ByteBuffer> buffers() {
            List<ByteBuffer> buffers = new ArrayList<>(chunks.size() + 1);
            long left = length;
            for (byte[] chunk : chunks) {
                buffers.add(ByteBuffer.wrap(chunk, 0, (int) Math.min(left, CHUNK)));
                left -= CHUNK;
            }
            return buffers;
        }
    }
}
