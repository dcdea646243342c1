import java.time.Duration;
import java.util.Properties;
import org.apache.avro.generic.GenericRecord;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.KGroupedStream;
import org.apache.kafka.streams.kstream.KTable;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Repartitioned;
import org.apache.kafka.streams.kstream.TimeWindows;

/**
 * The workloads as applications of Kafka Streams, written as its users would: the DSL, and processors for what it has no word for; RocksDB,
 * record caches, serdes of fixed sizes.
 */
public final class StreamsPeer {
    private final Task task;
    private final Scores scores;

    private StreamsPeer(Task task) {
        this.task = task;
        scores = new Scores(task);
    }

    public static void main(String[] arguments) throws Exception {
        new StreamsPeer(new Task(arguments)).run();
    }

    private void run() throws Exception {
        build();
        try (Admin admin = task.admin(); KafkaStreams streams = new KafkaStreams(scores.builder.build(), properties())) {
            task.createOutput(admin);
            streams.setUncaughtExceptionHandler(error -> {
                error.printStackTrace();
                Runtime.getRuntime().halt(1);
                return StreamThreadExceptionResponse.SHUTDOWN_APPLICATION;
            });
            long started = System.nanoTime();
            streams.start();
            scores.progress.awaitEnd(admin, task.get("id"), task.number("records"));
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
            case "sum", "sum-200k", "sum-20m" -> scores.write(
                sums(scores.stream("score").groupByKey()).toStream(),
                (user, out) -> out.writeString(user),
                (sum, out) -> out.writeLong(sum));
            case "tumble" -> tumble();
            case "hop" -> scores.writeWindows(scores.stream("score").groupByKey()
                .windowedBy(TimeWindows.ofSizeAndGrace(Duration.ofSeconds(60), Scores.LATENESS).advanceBy(Duration.ofSeconds(10)))
                .aggregate(() -> 0L, (user, event, sum) -> sum + (int) event.get(0), Materialized.with(Serdes.String(), Serdes.Long())));
            case "session" -> Sessions.build(scores);
            case "join" -> Join.build(scores);
            case "over" -> LookBack.build(scores);
            case "distinct" -> Distinct.build(scores);
            default -> throw new IllegalArgumentException("unknown workload " + task.get("workload"));
        }
    }

    private KTable<String, Long> sums(KGroupedStream<String, GenericRecord> byUser) {
        return byUser.aggregate(() -> 0L, (user, event, sum) -> sum + (int) event.get(0), Materialized.with(Serdes.String(), Serdes.Long()));
    }

    private void top() throws Exception {
        scores.builder.addStateStore(Board.localStore()).addStateStore(Board.globalStore());
        scores.write(
            sums(scores.stream("score").groupByKey()).toStream()
                .process(Board.candidates(), Board.localStore().name())
                .peek((user, sum) -> scores.progress.crossed.increment())
                .repartition(Repartitioned.with(Serdes.String(), Serdes.Long()).withName("candidates").withNumberOfPartitions(1))
                .processValues(scores.progress.second.counting())
                .process(Board.ranks(), Board.globalStore().name()),
            (rank, out) -> out.writeLong(rank),
            (entry, out) -> {
                out.writeString(entry.user());
                out.writeLong(entry.total());
            });
    }

    private void tumble() throws Exception {
        scores.writeWindows(scores.byTeam("score", score -> (Integer) score, Serdes.Integer())
            .groupByKey(Grouped.with(Serdes.String(), Serdes.Integer()))
            .windowedBy(TimeWindows.ofSizeAndGrace(Duration.ofSeconds(10), Scores.GRACE_OF_REPARTITIONED))
            .aggregate(() -> 0L, (team, score, sum) -> sum + score, Materialized.with(Serdes.String(), Serdes.Long())));
    }
}
