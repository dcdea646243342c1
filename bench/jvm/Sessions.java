import java.io.IOException;
import java.time.Duration;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.SessionWindows;

/** Count and sum in sessions, with the DSL. */
final class Sessions {
    private static final Duration GAP = Duration.ofSeconds(30);

    record Total(long events, long score) {
        static final Total NONE = new Total(0, 0);
        static final Serde<Total> SERDE = Wire.packed(
            2 * Long.BYTES,
            (total, bytes) -> bytes.putLong(total.events).putLong(total.score),
            bytes -> new Total(bytes.getLong(), bytes.getLong()));

        Total plus(long events, long score) {
            return new Total(this.events + events, this.score + score);
        }
    }

    private Sessions() {}

    static void build(Scores scores) throws IOException {
        scores.write(
            scores.stream("score").groupByKey()
                .windowedBy(SessionWindows.ofInactivityGapAndGrace(GAP, Scores.LATENESS))
                .aggregate(
                    () -> Total.NONE,
                    (user, event, total) -> total.plus(1, (int) event.get(0)),
                    (user, a, b) -> a.plus(b.events, b.score),
                    Materialized.with(Serdes.String(), Total.SERDE))
                .toStream(),
            (session, out) -> {
                out.writeString(session.key());
                out.writeLong(session.window().start());
                // Its own end is the last record's time.
                out.writeLong(session.window().end() + GAP.toMillis());
            },
            (total, out) -> {
                out.writeLong(total.events());
                out.writeLong(total.score());
            });
    }
}
