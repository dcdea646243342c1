import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.streams.processor.PunctuationType;
import org.apache.kafka.streams.processor.api.FixedKeyProcessor;
import org.apache.kafka.streams.processor.api.FixedKeyProcessorContext;
import org.apache.kafka.streams.processor.api.FixedKeyProcessorSupplier;
import org.apache.kafka.streams.processor.api.FixedKeyRecord;
import org.apache.kafka.streams.processor.api.RecordMetadata;

/** Knows when all of the input is processed and committed, in a topology of one or two stages. */
final class Progress {
    private static final Duration LOOK = Duration.ofMillis(20);

    /** A sub-topology: what it has processed, and whether that is all. */
    static final class Stage {
        private final LongAdder processed = new LongAdder();
        private final Map<TopicPartition, AtomicLong> positions = new ConcurrentHashMap<>();
        private volatile boolean finished;

        /** A step that hands each record on and counts it. When the stage is finished it asks for one commit, however long the interval is. */
        <K, V> FixedKeyProcessorSupplier<K, V, V> counting() {
            return () -> new FixedKeyProcessor<>() {
                private FixedKeyProcessorContext<K, V> context;
                private AtomicLong position;
                private boolean asked;

                @Override
                public void init(FixedKeyProcessorContext<K, V> taskContext) {
                    context = taskContext;
                    context.schedule(LOOK, PunctuationType.WALL_CLOCK_TIME, now -> {
                        if (finished && !asked) context.commit();
                        asked = finished;
                    });
                }

                @Override
                public void process(FixedKeyRecord<K, V> record) {
                    RecordMetadata metadata = context.recordMetadata().orElseThrow();
                    if (position == null)
                        position = positions.computeIfAbsent(new TopicPartition(metadata.topic(), metadata.partition()), any -> new AtomicLong());
                    position.lazySet(metadata.offset() + 1);
                    context.forward(record);
                    processed.increment();
                }
            };
        }

        private void awaitCommit(Admin admin, String group) throws Exception {
            finished = true;
            while (!committed(admin, group)) Thread.sleep(LOOK.toMillis());
        }

        private boolean committed(Admin admin, String group) throws Exception {
            var offsets = admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata().get();
            return positions.entrySet().stream().allMatch(position -> {
                var offset = offsets.get(position.getKey());
                return offset != null && offset.offset() >= position.getValue().get();
            });
        }
    }

    final Stage first = new Stage();
    final Stage second = new Stage();
    /** Records that the first stage has sent to the second. */
    final LongAdder crossed = new LongAdder();

    /** Returns when all `records` are processed and the group has committed them, and what they led to in the second stage. */
    void awaitEnd(Admin admin, String group, long records) throws Exception {
        while (first.processed.sum() < records) Thread.sleep(LOOK.toMillis());
        // The commit flushes what caches hold back: then it is known what crosses.
        first.awaitCommit(admin, group);
        while (second.processed.sum() < crossed.sum()) Thread.sleep(LOOK.toMillis());
        second.awaitCommit(admin, group);
    }
}
