import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import java.util.function.UnaryOperator;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.TestInputTopic;
import org.apache.kafka.streams.TopologyTestDriver;
import org.apache.kafka.streams.kstream.Aggregator;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.JoinWindows;
import org.apache.kafka.streams.kstream.Joined;
import org.apache.kafka.streams.kstream.KGroupedStream;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.KTable;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.SessionWindows;
import org.apache.kafka.streams.kstream.SlidingWindows;
import org.apache.kafka.streams.kstream.StreamJoined;
import org.apache.kafka.streams.kstream.Suppressed;
import org.apache.kafka.streams.kstream.Suppressed.BufferConfig;
import org.apache.kafka.streams.kstream.TimeWindows;
import org.apache.kafka.streams.kstream.Windowed;
import org.apache.kafka.streams.state.BuiltInDslStoreSuppliers;
import org.apache.kafka.streams.state.Stores;

/**
 * Runs cases on Kafka Streams' TopologyTestDriver. A line of standard input is a case:
 *
 *   { "topology": "hopping", "settings": { "sizeMs": 10, … }, "records": [ { "topic": "one", "key": "a" | null, "value": "5" | null, "at": 3 } ] }
 *
 * and the line of standard output that answers it holds every record that the topology wrote, in order; of a windowed key also its window:
 *
 *   [ { "key": "a", "value": "1,5,5,5", "at": 3, "start": 0, "end": 10 } ]
 *
 * Values are texts; those of aggregates are `count,sum,min,max`.
 */
public final class StreamsDriver {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Serde<String> TEXT = Serdes.String();
    private static final String EMPTY = "0,0,,";

    private final StreamsBuilder builder = new StreamsBuilder();
    private final JsonNode settings;
    private final ArrayNode written = JSON.createArrayNode();

    private StreamsDriver(JsonNode settings) {
        this.settings = settings;
    }

    public static void main(String[] arguments) throws Exception {
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            JsonNode each = JSON.readTree(line);
            System.out.println(JSON.writeValueAsString(new StreamsDriver(each.get("settings")).run(each)));
        }
        System.out.flush();
        // RocksDB and the metrics leave threads behind.
        Runtime.getRuntime().halt(0);
    }

    private ArrayNode run(JsonNode each) {
        build(each.get("topology").asText());
        Properties properties = new Properties();
        properties.put(StreamsConfig.APPLICATION_ID_CONFIG, "peer");
        properties.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, "none:0");
        properties.put(StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, 0);
        properties.put(StreamsConfig.DEFAULT_KEY_SERDE_CLASS_CONFIG, Serdes.StringSerde.class);
        properties.put(StreamsConfig.DEFAULT_VALUE_SERDE_CLASS_CONFIG, Serdes.StringSerde.class);
        properties.put(StreamsConfig.DSL_STORE_SUPPLIERS_CLASS_CONFIG, BuiltInDslStoreSuppliers.InMemoryDslStoreSuppliers.class);
        properties.put(StreamsConfig.STATE_DIR_CONFIG, System.getProperty("java.io.tmpdir"));
        // Unmatched rows of outer joins are looked for with every record, not once a second of wall-clock time.
        properties.put(StreamsConfig.InternalConfig.EMIT_INTERVAL_MS_KSTREAMS_OUTER_JOIN_SPURIOUS_RESULTS_FIX, 0);
        try (TopologyTestDriver driver = new TopologyTestDriver(builder.build(), properties, Instant.ofEpochMilli(0))) {
            Map<String, TestInputTopic<String, String>> topics = new HashMap<>();
            for (JsonNode record : each.get("records")) {
                TestInputTopic<String, String> topic = topics.computeIfAbsent(
                    record.get("topic").asText(), name -> driver.createInputTopic(name, TEXT.serializer(), TEXT.serializer()));
                topic.pipeInput(textOf(record.get("key")), textOf(record.get("value")), record.get("at").asLong());
            }
        }
        return written;
    }

    private void build(String topology) {
        switch (topology) {
            case "aggregate" -> write(grouped().aggregate(() -> EMPTY, add(), Materialized.with(TEXT, TEXT)).toStream());
            case "hopping" -> writeWindowed(hopping().toStream());
            case "hopping-final" -> writeWindowed(hopping().suppress(Suppressed.untilWindowCloses(BufferConfig.unbounded())).toStream());
            case "session" -> writeWindowed(sessions().toStream());
            case "session-final" -> writeWindowed(sessions().suppress(Suppressed.untilWindowCloses(BufferConfig.unbounded())).toStream());
            case "sliding" -> writeWindowed(
                present()
                    .windowedBy(SlidingWindows.ofTimeDifferenceAndGrace(ms("sizeMs"), ms("graceMs")))
                    .aggregate(() -> EMPTY, add(), Materialized.with(TEXT, TEXT))
                    .toStream());
            case "join-inner" -> write(stream("one").join(stream("two"), StreamsDriver::pair, joinWindows(), StreamJoined.with(TEXT, TEXT, TEXT)));
            case "join-left" -> write(stream("one").leftJoin(stream("two"), StreamsDriver::pair, joinWindows(), StreamJoined.with(TEXT, TEXT, TEXT)));
            case "join-outer" -> write(stream("one").outerJoin(stream("two"), StreamsDriver::pair, joinWindows(), StreamJoined.with(TEXT, TEXT, TEXT)));
            case "table-inner" -> write(stream("one").join(builder.table("two"), StreamsDriver::pair));
            case "table-left" -> write(stream("one").leftJoin(builder.table("two"), StreamsDriver::pair));
            case "table-as-of" -> write(
                stream("one").leftJoin(
                    builder.<String, String>table("two", Materialized.as(Stores.persistentVersionedKeyValueStore("versions", ms("historyMs")))),
                    StreamsDriver::pair,
                    Joined.with(TEXT, TEXT, TEXT, "join", ms("graceMs"))));
            // The latest value of each key, counted by it.
            case "table-count" -> write(counts(grouped().reduce((before, now) -> now), value -> value));
            case "source-count" -> write(counts(builder.table("one"), value -> value));
            case "source-sum" -> write(
                builder.<String, String>table("one")
                    .groupBy((key, value) -> KeyValue.pair(String.valueOf(Long.parseLong(value) % 3), value), Grouped.with(TEXT, TEXT))
                    .aggregate(() -> "0,0", plus(1), plus(-1), Materialized.with(TEXT, TEXT))
                    .toStream());
            case "tables-inner", "tables-left", "tables-outer", "foreign-inner", "foreign-left" -> write(tables(topology).toStream());
            case "tables-inner-count", "tables-left-count", "tables-outer-count", "foreign-inner-count", "foreign-left-count" -> write(
                counts(tables(topology.replace("-count", "")), value -> value.split(",")[1]));
            default -> throw new IllegalArgumentException(topology);
        }
    }

    private KTable<String, String> tables(String join) {
        KTable<String, String> one = builder.table("one");
        KTable<String, String> two = builder.table("two");
        return switch (join) {
            case "tables-inner" -> one.join(two, StreamsDriver::pair);
            case "tables-left" -> one.leftJoin(two, StreamsDriver::pair);
            case "tables-outer" -> one.outerJoin(two, StreamsDriver::pair);
            // The value of the left row is the key of the right one.
            case "foreign-inner" -> one.join(two, value -> value, StreamsDriver::pair);
            case "foreign-left" -> one.leftJoin(two, value -> value, StreamsDriver::pair);
            default -> throw new IllegalArgumentException(join);
        };
    }

    private static KStream<String, String> counts(KTable<String, String> table, UnaryOperator<String> group) {
        return table
            .groupBy((key, value) -> KeyValue.pair(group.apply(value), value), Grouped.with(TEXT, TEXT))
            .count()
            .toStream()
            .mapValues(String::valueOf);
    }

    /** `count,sum` with a row more, or one less. */
    private static Aggregator<String, String, String> plus(int sign) {
        return (key, value, aggregate) -> {
            String[] parts = aggregate.split(",");
            return (Long.parseLong(parts[0]) + sign) + "," + (Long.parseLong(parts[1]) + sign * Long.parseLong(value));
        };
    }

    private KStream<String, String> stream(String topic) {
        return builder.stream(topic, Consumed.with(TEXT, TEXT));
    }

    private KGroupedStream<String, String> grouped() {
        return stream("one").groupByKey(Grouped.with(TEXT, TEXT));
    }

    /** Windowed aggregates hand null values to the aggregator, where others pass over them. */
    private KGroupedStream<String, String> present() {
        return stream("one").filter((key, value) -> value != null).groupByKey(Grouped.with(TEXT, TEXT));
    }

    private KTable<Windowed<String>, String> hopping() {
        return present()
            .windowedBy(TimeWindows.ofSizeAndGrace(ms("sizeMs"), ms("graceMs")).advanceBy(ms("advanceMs")))
            .aggregate(() -> EMPTY, add(), Materialized.with(TEXT, TEXT));
    }

    private KTable<Windowed<String>, String> sessions() {
        return present()
            .windowedBy(SessionWindows.ofInactivityGapAndGrace(ms("gapMs"), ms("graceMs")))
            .aggregate(() -> EMPTY, add(), (key, one, other) -> merge(one, other), Materialized.with(TEXT, TEXT));
    }

    private JoinWindows joinWindows() {
        return JoinWindows.ofTimeDifferenceAndGrace(Duration.ZERO, ms("graceMs")).before(ms("beforeMs")).after(ms("afterMs"));
    }

    private Duration ms(String name) {
        return Duration.ofMillis(settings.get(name).asLong());
    }

    private static Aggregator<String, String, String> add() {
        return (key, value, aggregate) -> merge(aggregate, "1," + value + "," + value + "," + value);
    }

    private static String merge(String one, String other) {
        String[] a = one.split(",", -1);
        String[] b = other.split(",", -1);
        if (a[0].equals("0")) return other;
        if (b[0].equals("0")) return one;
        long[] x = {Long.parseLong(a[2]), Long.parseLong(b[2]), Long.parseLong(a[3]), Long.parseLong(b[3])};
        return (Long.parseLong(a[0]) + Long.parseLong(b[0])) + "," + (Long.parseLong(a[1]) + Long.parseLong(b[1])) + ","
            + Math.min(x[0], x[1]) + "," + Math.max(x[2], x[3]);
    }

    private static String pair(String left, String right) {
        return left + "," + right;
    }

    private void write(KStream<String, String> rows) {
        rows.process(() -> record -> add(record.key(), record.value(), record.timestamp()));
    }

    private void writeWindowed(KStream<Windowed<String>, String> rows) {
        rows.process(() -> record -> add(record.key().key(), record.value(), record.timestamp())
            .put("start", record.key().window().start())
            .put("end", record.key().window().end()));
    }

    private ObjectNode add(String key, String value, long at) {
        return written.addObject().put("key", key).put("value", value).put("at", at);
    }

    private static String textOf(JsonNode node) {
        return node.isNull() ? null : node.asText();
    }
}
