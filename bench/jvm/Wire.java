import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.function.BiConsumer;
import java.util.function.Function;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.io.BinaryDecoder;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.io.EncoderFactory;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.Serializer;

/** Avro in the registry's frame: a zero byte, the schema's id in four, the data. Decoders and encoders are reused, one a thread. */
final class Wire {
    private static final int FRAME = 5;

    private Wire() {}

    /** Reads records of a known writer's schema; of their fields those of `read`, the others are skipped. */
    static Serde<GenericRecord> reader(Schema written, Schema read) {
        GenericDatumReader<GenericRecord> datum = new GenericDatumReader<>(written, read);
        ThreadLocal<BinaryDecoder> decoders = new ThreadLocal<>();
        Deserializer<GenericRecord> deserializer = (topic, data) -> {
            BinaryDecoder reused = decoders.get();
            BinaryDecoder decoder = DecoderFactory.get().binaryDecoder(data, FRAME, data.length - FRAME, reused);
            if (reused == null) decoders.set(decoder);
            try {
                return datum.read(null, decoder);
            } catch (IOException error) {
                throw new UncheckedIOException(error);
            }
        };
        return Serdes.serdeFrom((topic, value) -> { throw new UnsupportedOperationException(); }, deserializer);
    }

    /** Writes the fields of a record in their order. */
    interface Fields<T> {
        void write(T value, BinaryEncoder encoder) throws IOException;
    }

    /** Frames what `fields` writes. */
    static <T> Serde<T> writer(int schemaId, Fields<T> fields) {
        byte[] frame = ByteBuffer.allocate(FRAME).put((byte) 0).putInt(schemaId).array();
        ThreadLocal<Output> outputs = ThreadLocal.withInitial(Output::new);
        Serializer<T> serializer = (topic, value) -> {
            if (value == null) return null;
            Output output = outputs.get();
            output.bytes.reset();
            output.bytes.writeBytes(frame);
            try {
                fields.write(value, output.encoder);
            } catch (IOException error) {
                throw new UncheckedIOException(error);
            }
            return output.bytes.toByteArray();
        };
        return Serdes.serdeFrom(serializer, (topic, data) -> { throw new UnsupportedOperationException(); });
    }

    /** Values of so many bytes, as stores and changelogs have them. */
    static <T> Serde<T> packed(int bytes, BiConsumer<T, ByteBuffer> write, Function<ByteBuffer, T> read) {
        return Serdes.serdeFrom(
            (topic, value) -> {
                if (value == null) return null;
                ByteBuffer buffer = ByteBuffer.allocate(bytes);
                write.accept(value, buffer);
                return buffer.array();
            },
            (topic, data) -> data == null ? null : read.apply(ByteBuffer.wrap(data)));
    }

    private static final class Output {
        final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        final BinaryEncoder encoder = EncoderFactory.get().directBinaryEncoder(bytes, null);
    }
}
