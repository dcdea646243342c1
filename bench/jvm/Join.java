import java.io.IOException;
import java.time.Duration;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.kstream.JoinWindows;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.StreamJoined;

/** Two topics joined by key within a time, with the DSL. */
final class Join {
    private static final Duration WITHIN = Duration.ofSeconds(10);

    record Event(long timeMs, int score) {
        static final Serde<Event> SERDE = Wire.packed(
            Long.BYTES + Integer.BYTES,
            (event, bytes) -> bytes.putLong(event.timeMs).putInt(event.score),
            bytes -> new Event(bytes.getLong(), bytes.getInt()));
    }

    record Pair(Event left, Event right) {}

    private Join() {}

    static void build(Scores scores) throws IOException {
        scores.write(
            events(scores, 0).join(
                events(scores, 1),
                Pair::new,
                JoinWindows.ofTimeDifferenceAndGrace(WITHIN, Scores.LATENESS),
                StreamJoined.with(Serdes.String(), Event.SERDE, Event.SERDE)),
            (user, out) -> out.writeString(user),
            (pair, out) -> {
                out.writeLong(pair.left().timeMs());
                out.writeLong(pair.right().timeMs());
                out.writeLong(pair.left().score() + pair.right().score());
            });
    }

    private static KStream<String, Event> events(Scores scores, int topic) throws IOException {
        return scores.stream(topic, "event_time_millis", "score").mapValues(event -> new Event((long) event.get(0), (int) event.get(1)));
    }
}
