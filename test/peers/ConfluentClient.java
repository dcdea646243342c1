import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.InputStreamReader;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.io.EncoderFactory;
import org.apache.avro.io.JsonDecoder;
import org.springframework.cloud.schema.registry.SchemaReference;
import org.springframework.cloud.schema.registry.SchemaRegistrationResponse;
import org.springframework.cloud.schema.registry.client.ConfluentSchemaRegistryClient;

/**
 * Spring's client of Confluent's API, with Avro's own library. Each line of stdin is a question with the address of a registry:
 * {"op": "register", subject, schema}, {"op": "version", subject, version}, {"op": "id", id}, {"op": "decode", frame} (base64, by the schema
 * that the registry has for its id), {"op": "encode", subject, schema, datum} (in Avro's JSON; registers it first). An answer is a line of
 * JSON, {"error": …} where the client gives up.
 */
public final class ConfluentClient {
  private static final ObjectMapper JSON = new ObjectMapper();

  public static void main(String[] arguments) throws Exception {
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      JsonNode question = JSON.readTree(line);
      ConfluentSchemaRegistryClient client = new ConfluentSchemaRegistryClient();
      client.setEndpoint(question.get("registry").asText());
      ObjectNode answer = JSON.createObjectNode();
      try {
        answer(client, question, answer);
      } catch (RuntimeException refusal) {
        answer.put("error", String.valueOf(refusal.getMessage()));
      }
      System.out.println(answer);
    }
  }

  private static void answer(ConfluentSchemaRegistryClient client, JsonNode question, ObjectNode answer) throws Exception {
    switch (question.get("op").asText()) {
      case "register" -> {
        SchemaRegistrationResponse response = register(client, question);
        answer.put("id", response.getId()).put("version", response.getSchemaReference().getVersion());
      }
      case "version" -> answer.put("schema", client.fetch(new SchemaReference(text(question, "subject"), question.get("version").asInt(), "avro")));
      case "id" -> answer.put("schema", client.fetch(question.get("id").asInt()));
      case "decode" -> {
        ByteBuffer frame = ByteBuffer.wrap(Base64.getDecoder().decode(text(question, "frame")));
        if (frame.get() != 0) throw new IllegalArgumentException("no frame");
        Schema schema = new Schema.Parser().parse(client.fetch(frame.getInt()));
        byte[] data = new byte[frame.remaining()];
        frame.get(data);
        Object datum = new GenericDatumReader<>(schema).read(null, DecoderFactory.get().binaryDecoder(data, null));
        answer.put("datum", GenericData.get().toString(datum));
      }
      case "encode" -> {
        Schema schema = new Schema.Parser().parse(text(question, "schema"));
        JsonDecoder json = DecoderFactory.get().jsonDecoder(schema, text(question, "datum"));
        Object datum = new GenericDatumReader<>(schema).read(null, json);
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write(ByteBuffer.allocate(5).put((byte) 0).putInt(register(client, question).getId()).array());
        BinaryEncoder encoder = EncoderFactory.get().binaryEncoder(out, null);
        new GenericDatumWriter<>(schema).write(datum, encoder);
        encoder.flush();
        answer.put("frame", Base64.getEncoder().encodeToString(out.toByteArray()));
      }
      default -> throw new IllegalArgumentException(text(question, "op"));
    }
  }

  private static SchemaRegistrationResponse register(ConfluentSchemaRegistryClient client, JsonNode question) {
    return client.register(text(question, "subject"), "avro", text(question, "schema"));
  }

  private static String text(JsonNode node, String name) {
    return node.get(name).asText();
  }
}
