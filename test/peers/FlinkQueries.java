import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.table.api.EnvironmentSettings;
import org.apache.flink.table.api.TableEnvironment;
import org.apache.flink.table.api.TableResult;
import org.apache.flink.types.Row;
import org.apache.flink.types.RowKind;
import org.apache.flink.util.CloseableIterator;

/**
 * Flink SQL, in streaming mode, over what tables hold: for each line {"tables": [DDL, …], "query": SQL} a line {"rows": [{column: value}, …]}, the
 * table that the query's changes come to, by its first column, which is a number and its key.
 */
public final class FlinkQueries {
    private static final ObjectMapper JSON = new ObjectMapper();

    private FlinkQueries() {}

    public static void main(String[] arguments) throws Exception {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = in.readLine(); line != null; line = in.readLine()) System.out.println(JSON.writeValueAsString(answer(JSON.readTree(line))));
        // Its threads would keep the process.
        System.exit(0);
    }

    private static ObjectNode answer(JsonNode question) throws Exception {
        Configuration settings = Configuration.fromMap(Map.of("parallelism.default", "1", "table.local-time-zone", "UTC"));
        TableEnvironment tables = TableEnvironment.create(EnvironmentSettings.newInstance().inStreamingMode().withConfiguration(settings).build());
        for (JsonNode ddl : question.get("tables")) tables.executeSql(ddl.asText());
        TableResult result = tables.executeSql(question.get("query").asText());
        List<String> names = result.getResolvedSchema().getColumnNames();
        Map<Long, Row> table = new TreeMap<>();
        try (CloseableIterator<Row> changes = result.collect()) {
            while (changes.hasNext()) {
                Row row = changes.next();
                long key = ((Number) row.getField(0)).longValue();
                if (row.getKind() == RowKind.INSERT || row.getKind() == RowKind.UPDATE_AFTER) table.put(key, row);
                else if (row.getKind() == RowKind.DELETE) table.remove(key);
            }
        }
        ObjectNode answer = JSON.createObjectNode();
        ArrayNode rows = answer.putArray("rows");
        for (Row row : table.values()) {
            ObjectNode object = rows.addObject();
            for (int i = 0; i < names.size(); i++) object.set(names.get(i), JSON.valueToTree(row.getField(i)));
        }
        return answer;
    }
}
