import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.apache.avro.generic.GenericRecord;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.processor.api.FixedKeyProcessor;
import org.apache.kafka.streams.processor.api.FixedKeyProcessorContext;
import org.apache.kafka.streams.processor.api.FixedKeyProcessorSupplier;
import org.apache.kafka.streams.processor.api.FixedKeyRecord;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;

/**
 * Averages over the last 10 s and 60 s, with the processor API: the events of a user's last minute are one value of a cached store. It takes
 * records as they come, in the order of their partition; whoever needs that of event time has to hold them back, which it is spared here.
 */
final class LookBack {
    private static final String STORE = "last-minute";
    private static final long SHORT_MS = 10_000;
    private static final long LONG_MS = 60_000;
    /** Of an event: its time and its score. */
    private static final int EVENT = Long.BYTES + Integer.BYTES;

    record Averages(long timeMs, double shorter, double longer) {}

    private LookBack() {}

    static void build(Scores scores) throws IOException {
        scores.builder.addStateStore(Stores.keyValueStoreBuilder(Stores.persistentKeyValueStore(STORE), Serdes.String(), Serdes.ByteArray())
            .withCachingEnabled());
        scores.write(
            scores.stream("event_time_millis", "score").processValues(averages(), STORE),
            (user, out) -> out.writeString(user),
            (averages, out) -> {
                out.writeLong(averages.timeMs());
                out.writeDouble(averages.shorter());
                out.writeDouble(averages.longer());
            });
    }

    private static FixedKeyProcessorSupplier<String, GenericRecord, Averages> averages() {
        return () -> new FixedKeyProcessor<>() {
            private FixedKeyProcessorContext<String, Averages> context;
            private KeyValueStore<String, byte[]> store;

            @Override
            public void init(FixedKeyProcessorContext<String, Averages> taskContext) {
                context = taskContext;
                store = context.getStateStore(STORE);
            }

            @Override
            public void process(FixedKeyRecord<String, GenericRecord> record) {
                long time = (long) record.value().get(0);
                byte[] events = with(store.get(record.key()), time, (int) record.value().get(1));
                store.put(record.key(), events);
                context.forward(record.withValue(new Averages(time, average(events, time, SHORT_MS), average(events, time, LONG_MS))));
            }
        };
    }

    /** What is too old at `time` left out, the new event last. */
    private static byte[] with(byte[] before, long time, int score) {
        int from = 0;
        int length = before == null ? 0 : before.length;
        while (from < length && ByteBuffer.wrap(before).getLong(from) < time - LONG_MS) from += EVENT;
        byte[] events = length == 0 ? new byte[EVENT] : Arrays.copyOfRange(before, from, length + EVENT);
        ByteBuffer.wrap(events).putLong(events.length - EVENT, time).putInt(events.length - Integer.BYTES, score);
        return events;
    }

    private static double average(byte[] events, long time, long spanMs) {
        ByteBuffer bytes = ByteBuffer.wrap(events);
        long sum = 0;
        long count = 0;
        for (int at = 0; at < events.length; at += EVENT)
            if (bytes.getLong(at) >= time - spanMs) {
                sum += bytes.getInt(at + Long.BYTES);
                count++;
            }
        return (double) sum / count;
    }
}
