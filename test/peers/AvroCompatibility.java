import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import org.apache.avro.Schema;
import org.apache.avro.SchemaCompatibility;
import org.apache.avro.SchemaCompatibility.Incompatibility;
import org.apache.avro.SchemaCompatibility.SchemaCompatibilityResult;
import org.apache.avro.SchemaCompatibility.SchemaCompatibilityType;

/**
 * Avro's own word on pairs of schemas. A line of stdin is {"reader": …, "writer": …}; for each, one of stdout is {"compatible": true},
 * {"compatible": false, "why": [{"type": …, "location": …}]}, or {"refuses": …}: it takes one of the two for no schema, or fails.
 */
public final class AvroCompatibility {
  private static final ObjectMapper JSON = new ObjectMapper();

  public static void main(String[] arguments) throws Exception {
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = in.readLine(); line != null; line = in.readLine()) System.out.println(verdict(JSON.readTree(line)));
  }

  private static ObjectNode verdict(JsonNode pair) {
    ObjectNode answer = JSON.createObjectNode();
    try {
      Schema reader = new Schema.Parser().parse(pair.get("reader").toString());
      Schema writer = new Schema.Parser().parse(pair.get("writer").toString());
      SchemaCompatibilityResult result = SchemaCompatibility.checkReaderWriterCompatibility(reader, writer).getResult();
      answer.put("compatible", result.getCompatibility() == SchemaCompatibilityType.COMPATIBLE);
      ArrayNode why = answer.putArray("why");
      for (Incompatibility each : result.getIncompatibilities())
        why.addObject().put("type", each.getType().name()).put("location", each.getLocation());
    } catch (RuntimeException refusal) {
      answer.removeAll();
      answer.put("refuses", String.valueOf(refusal.getMessage()));
    }
    return answer;
  }
}
