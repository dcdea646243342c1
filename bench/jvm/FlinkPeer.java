import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.table.api.EnvironmentSettings;
import org.apache.flink.table.api.TableEnvironment;
import org.apache.kafka.clients.admin.Admin;

/**
 * Flink SQL in a cluster of its own within this process. The file `script` has settings (`name: value`, a line each) and statements, all
 * separated by empty lines; the last statement is an INSERT from a bounded source. It is what is timed, from its planning (the second one)
 * to the end of its job.
 */
public final class FlinkPeer {
    private FlinkPeer() {}

    public static void main(String[] arguments) throws Exception {
        Task task = new Task(arguments);
        try (Admin admin = task.admin()) {
            task.createOutput(admin);
        }
        List<String> paragraphs = new ArrayList<>(List.of(Files.readString(Path.of(task.get("script"))).strip().split("\n\n+")));
        Map<String, String> settings = new HashMap<>();
        for (String line : paragraphs.remove(0).split("\n")) {
            int colon = line.indexOf(": ");
            settings.put(line.substring(0, colon), line.substring(colon + 2));
        }
        TableEnvironment tables = TableEnvironment.create(
            EnvironmentSettings.newInstance().inStreamingMode().withConfiguration(Configuration.fromMap(settings)).build());
        String insert = paragraphs.remove(paragraphs.size() - 1);
        for (String statement : paragraphs) tables.executeSql(statement);
        // The planner loads what it needs once; that is its start, not the job's.
        tables.explainSql(insert);
        long started = System.nanoTime();
        tables.executeSql(insert).await();
        Task.report(System.nanoTime() - started);
        // Its threads would keep the process.
        System.exit(0);
    }
}
