import java.io.IOException;
import java.time.Duration;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.TimeWindows;
import org.apache.kafka.streams.processor.api.FixedKeyProcessor;
import org.apache.kafka.streams.processor.api.FixedKeyProcessorContext;
import org.apache.kafka.streams.processor.api.FixedKeyProcessorSupplier;
import org.apache.kafka.streams.processor.api.FixedKeyRecord;
import org.apache.kafka.streams.state.Stores;
import org.apache.kafka.streams.state.WindowStore;

/** Distinct users by team and window: who has been seen is in a cached window store, who has not is counted by the DSL. */
final class Distinct {
    private static final String STORE = "seen";
    private static final Duration SIZE = Duration.ofSeconds(10);

    private Distinct() {}

    static void build(Scores scores) throws IOException {
        Duration retention = SIZE.plus(Scores.GRACE_OF_REPARTITIONED);
        scores.builder.addStateStore(Stores
            .windowStoreBuilder(Stores.persistentWindowStore(STORE, retention, SIZE, false), Serdes.String(), Serdes.ByteArray())
            .withCachingEnabled());
        scores.writeWindows(scores.byTeam("user_id", Object::toString, Serdes.String())
            .processValues(firstSeen(), STORE)
            .groupByKey(Grouped.with(Serdes.String(), Serdes.String()))
            .windowedBy(TimeWindows.ofSizeAndGrace(SIZE, Scores.GRACE_OF_REPARTITIONED))
            .count(Materialized.with(Serdes.String(), Serdes.Long())));
    }

    /** Teams with users in; those whose window has not had this user of this team before, out. */
    private static FixedKeyProcessorSupplier<String, String, String> firstSeen() {
        return () -> new FixedKeyProcessor<>() {
            private static final byte[] PRESENT = {1};
            private FixedKeyProcessorContext<String, String> context;
            private WindowStore<String, byte[]> seen;

            @Override
            public void init(FixedKeyProcessorContext<String, String> taskContext) {
                context = taskContext;
                seen = context.getStateStore(STORE);
            }

            @Override
            public void process(FixedKeyRecord<String, String> record) {
                String key = record.key() + '/' + record.value();
                long start = record.timestamp() - record.timestamp() % SIZE.toMillis();
                if (seen.fetch(key, start) != null) return;
                seen.put(key, PRESENT, start);
                context.forward(record);
            }
        };
    }
}
