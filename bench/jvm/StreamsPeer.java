import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Properties;
import org.apache.avro.Schema;
import org.apache.avro.SchemaBuilder;
import org.apache.avro.generic.GenericRecord;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.KGroupedStream;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.KTable;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.kstream.Repartitioned;
import org.apache.kafka.streams.kstream.TimeWindows;
import org.apache.kafka.streams.kstream.Windowed;

/** The workloads as applications of Kafka Streams, written as its users would: DSL, RocksDB, record caches, String and Long serdes. */
public final class StreamsPeer {
    /** As rta's source has it. */
    private static final Duration LATENESS = Duration.ofSeconds(5);
    /** Behind a repartition, where partitions are not kept in step, records would be dropped with less. */
    private static final Duration GRACE_OF_REPARTITIONED = Duration.ofDays(1);

    private final StreamsBuilder builder = new StreamsBuilder();
    private final Progress progress = new Progress();
    private final Task task;
    private final Serde<Long> total;

    private StreamsPeer(Task task) {
        this.task = task;
        total = Wire.writer((int) task.number("valueSchemaId"), (value, out) -> out.writeLong(value));
    }

    public static void main(String[] arguments) throws Exception {
        new StreamsPeer(new Task(arguments)).run();
    }

    private void run() throws Exception {
        build();
        try (Admin admin = task.admin(); KafkaStreams streams = new KafkaStreams(builder.build(), properties())) {
            task.createOutput(admin);
            streams.setUncaughtExceptionHandler(error -> {
                error.printStackTrace();
                Runtime.getRuntime().halt(1);
                return StreamThreadExceptionResponse.SHUTDOWN_APPLICATION;
            });
            long started = System.nanoTime();
            streams.start();
            progress.awaitEnd(admin, task.get("id"), task.number("records"));
            Task.report(System.nanoTime() - started);
        }
    }

    private Properties properties() {
        Properties properties = new Properties();
        properties.put(StreamsConfig.APPLICATION_ID_CONFIG, task.get("id"));
        properties.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, task.get("brokers"));
        properties.put(StreamsConfig.STATE_DIR_CONFIG, task.get("directory"));
        properties.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, task.get("threads"));
        properties.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, task.get("guarantee"));
        properties.put(StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, task.get("cacheBytes"));
        properties.put(StreamsConfig.consumerPrefix("auto.offset.reset"), "earliest");
        return properties;
    }

    private void build() throws Exception {
        switch (task.get("workload")) {
            case "top" -> top();
            case "sum", "sum-200k" -> write(sums(scores("score").groupByKey()));
            case "tumble" -> tumble();
            case "hop" -> writeWindows(scores("score").groupByKey()
                .windowedBy(TimeWindows.ofSizeAndGrace(Duration.ofSeconds(60), LATENESS).advanceBy(Duration.ofSeconds(10)))
                .aggregate(() -> 0L, (user, event, sum) -> sum + (int) event.get(0), Materialized.with(Serdes.String(), Serdes.Long())));
            default -> throw new IllegalArgumentException("unknown workload " + task.get("workload"));
        }
    }

    /** The input, of its records only some fields, numbered in this order. */
    private KStream<String, GenericRecord> scores(String... fields) throws Exception {
        Schema written = new Schema.Parser().parse(Files.readString(Path.of(task.get("schema"))));
        var read = SchemaBuilder.record(written.getName()).namespace(written.getNamespace()).fields();
        for (String field : fields) read = read.name(field).type(written.getField(field).schema()).noDefault();
        return builder.stream(task.get("input"), Consumed.with(Serdes.String(), Wire.reader(written, read.endRecord())))
            .processValues(progress.first.counting());
    }

    private KTable<String, Long> sums(KGroupedStream<String, GenericRecord> byUser) {
        return byUser.aggregate(() -> 0L, (user, event, sum) -> sum + (int) event.get(0), Materialized.with(Serdes.String(), Serdes.Long()));
    }

    private void top() throws Exception {
        builder.addStateStore(Board.localStore()).addStateStore(Board.globalStore());
        sums(scores("score").groupByKey()).toStream()
            .process(Board.candidates(), Board.localStore().name())
            .peek((user, sum) -> progress.crossed.increment())
            .repartition(Repartitioned.with(Serdes.String(), Serdes.Long()).withName("candidates").withNumberOfPartitions(1))
            .processValues(progress.second.counting())
            .process(Board.ranks(), Board.globalStore().name())
            .to(task.get("output"), Produced.with(
                Wire.writer((int) task.number("keySchemaId"), (rank, out) -> out.writeLong(rank)),
                Wire.writer((int) task.number("valueSchemaId"), (entry, out) -> {
                    out.writeString(entry.user());
                    out.writeLong(entry.total());
                })));
    }

    private void tumble() throws Exception {
        writeWindows(scores("team_id", "score")
            .map((user, event) -> KeyValue.pair(event.get(0).toString(), (Integer) event.get(1)))
            .peek((team, score) -> progress.crossed.increment())
            .repartition(Repartitioned.with(Serdes.String(), Serdes.Integer()).withName("teams"))
            .processValues(progress.second.counting())
            .groupByKey(Grouped.with(Serdes.String(), Serdes.Integer()))
            .windowedBy(TimeWindows.ofSizeAndGrace(Duration.ofSeconds(10), GRACE_OF_REPARTITIONED))
            .aggregate(() -> 0L, (team, score, sum) -> sum + score, Materialized.with(Serdes.String(), Serdes.Long())));
    }

    private void write(KTable<String, Long> sums) {
        sums.toStream().to(task.get("output"),
            Produced.with(Wire.writer((int) task.number("keySchemaId"), (user, out) -> out.writeString(user)), total));
    }

    private void writeWindows(KTable<Windowed<String>, Long> sums) {
        sums.toStream().to(task.get("output"), Produced.with(
            Wire.writer((int) task.number("keySchemaId"), (windowed, out) -> {
                out.writeString(windowed.key());
                out.writeLong(windowed.window().start());
            }), total));
    }
}
