import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.TreeSet;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.ProcessorSupplier;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.StoreBuilder;
import org.apache.kafka.streams.state.Stores;

/**
 * The top K in two levels: each partition's own best go on as candidates, and one board is made of those. Scores are never negative, so
 * a total only grows, and who is ousted comes back by an update of their own.
 */
final class Board {
    private static final int K = 10;
    private static final String LOCAL = "candidates-of-partition";
    private static final String GLOBAL = "candidates";

    record Entry(String user, long total) {
        static final Comparator<Entry> ORDER = Comparator.comparingLong(Entry::total).reversed().thenComparing(Entry::user);
    }

    private Board() {}

    static StoreBuilder<KeyValueStore<String, Long>> localStore() {
        return store(LOCAL);
    }

    static StoreBuilder<KeyValueStore<String, Long>> globalStore() {
        return store(GLOBAL);
    }

    private static StoreBuilder<KeyValueStore<String, Long>> store(String name) {
        return Stores.keyValueStoreBuilder(Stores.inMemoryKeyValueStore(name), Serdes.String(), Serdes.Long());
    }

    /** Best K of what it has seen, kept in a store with a changelog, which has no more entries than that. */
    private static final class Best {
        final TreeSet<Entry> entries = new TreeSet<>(Entry.ORDER);
        private final KeyValueStore<String, Long> store;

        Best(KeyValueStore<String, Long> store) {
            this.store = store;
            try (KeyValueIterator<String, Long> kept = store.all()) {
                while (kept.hasNext()) {
                    KeyValue<String, Long> entry = kept.next();
                    entries.add(new Entry(entry.key, entry.value));
                }
            }
        }

        /** Whether it is among the best. */
        boolean offer(Entry entry) {
            if (entries.size() == K && Entry.ORDER.compare(entry, entries.last()) > 0) return false;
            Long before = store.get(entry.user);
            if (before != null) entries.remove(new Entry(entry.user, before));
            entries.add(entry);
            store.put(entry.user, entry.total);
            if (entries.size() > K) store.delete(entries.pollLast().user);
            return true;
        }
    }

    /** Totals in, those among the best of the partition out. */
    static ProcessorSupplier<String, Long, String, Long> candidates() {
        return () -> new Processor<>() {
            private ProcessorContext<String, Long> context;
            private Best best;

            @Override
            public void init(ProcessorContext<String, Long> taskContext) {
                context = taskContext;
                best = new Best(context.getStateStore(LOCAL));
            }

            @Override
            public void process(Record<String, Long> record) {
                if (best.offer(new Entry(record.key(), record.value()))) context.forward(record);
            }
        };
    }

    /** Candidates in, rows of the board that have changed out, by rank from 1 on. */
    static ProcessorSupplier<String, Long, Long, Entry> ranks() {
        return () -> new Processor<>() {
            private ProcessorContext<Long, Entry> context;
            private Best best;
            private final List<Entry> shown = new ArrayList<>();

            @Override
            public void init(ProcessorContext<Long, Entry> taskContext) {
                context = taskContext;
                best = new Best(context.getStateStore(GLOBAL));
                shown.addAll(best.entries);
            }

            @Override
            public void process(Record<String, Long> record) {
                if (!best.offer(new Entry(record.key(), record.value()))) return;
                int rank = 0;
                for (Entry entry : best.entries) {
                    if (rank == shown.size()) shown.add(null);
                    if (!entry.equals(shown.set(rank++, entry))) context.forward(new Record<>((long) rank, entry, record.timestamp()));
                }
            }
        };
    }
}
