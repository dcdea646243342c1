import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.function.Function;
import org.apache.avro.Schema;
import org.apache.avro.SchemaBuilder;
import org.apache.avro.generic.GenericRecord;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.KTable;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.kstream.Repartitioned;
import org.apache.kafka.streams.kstream.Windowed;

/** A topology under construction: the input and the output as all workloads have them. */
final class Scores {
    /** As rta's source has it. */
    static final Duration LATENESS = Duration.ofSeconds(5);
    /** Behind a repartition, where partitions are not kept in step, records would be dropped with less. */
    static final Duration GRACE_OF_REPARTITIONED = Duration.ofDays(1);

    final StreamsBuilder builder = new StreamsBuilder();
    final Progress progress = new Progress();
    private final Task task;

    Scores(Task task) {
        this.task = task;
    }

    /** The only topic, or the first of two; of its records only some fields, numbered in this order. */
    KStream<String, GenericRecord> stream(String... fields) throws IOException {
        return stream(0, fields);
    }

    KStream<String, GenericRecord> stream(int topic, String... fields) throws IOException {
        Schema written = new Schema.Parser().parse(Files.readString(Path.of(task.get("schema"))));
        var read = SchemaBuilder.record(written.getName()).namespace(written.getNamespace()).fields();
        for (String field : fields) read = read.name(field).type(written.getField(field).schema()).noDefault();
        return builder.stream(task.get("input").split(",")[topic], Consumed.with(Serdes.String(), Wire.reader(written, read.endRecord())))
            .processValues(progress.first.counting());
    }

    /** One field of each record by team, as the second stage reads it. */
    <T> KStream<String, T> byTeam(String field, Function<Object, T> valueOf, Serde<T> serde) throws IOException {
        return stream("team_id", field)
            .map((user, event) -> KeyValue.pair(event.get(0).toString(), valueOf.apply(event.get(1))))
            .peek((team, value) -> progress.crossed.increment())
            .repartition(Repartitioned.with(Serdes.String(), serde).withName("teams"))
            .processValues(progress.second.counting());
    }

    /** Of the output's keys. */
    <K> Serde<K> key(Wire.Fields<K> fields) {
        return Wire.writer((int) task.number("keySchemaId"), fields);
    }

    /** Of the output's values. */
    <V> Serde<V> value(Wire.Fields<V> fields) {
        return Wire.writer((int) task.number("valueSchemaId"), fields);
    }

    <K, V> void write(KStream<K, V> rows, Wire.Fields<K> key, Wire.Fields<V> value) {
        rows.to(task.get("output"), Produced.with(key(key), value(value)));
    }

    /** Numbers by name and start of the window. */
    void writeWindows(KTable<Windowed<String>, Long> numbers) {
        write(
            numbers.toStream(),
            (windowed, out) -> {
                out.writeString(windowed.key());
                out.writeLong(windowed.window().start());
            },
            (number, out) -> out.writeLong(number));
    }
}
