import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.table.api.EnvironmentSettings;
import org.apache.flink.table.api.TableEnvironment;
import org.apache.kafka.clients.admin.Admin;

/**
 * Statements of Flink SQL in a cluster within this process, ended by an INSERT whose source is bounded: `script` has the settings
 * (`SET 'name' = 'value'`) and the statements, one a paragraph. What is timed is the last one, from its planning to the end of its job.
 */
public final class FlinkPeer {
    private FlinkPeer() {}

    public static void main(String[] arguments) throws Exception {
        Task task = new Task(arguments);
        try (Admin admin = task.admin()) {
            task.createOutput(admin);
        }
        List<String> statements = List.of(Files.readString(Path.of(task.get("script"))).strip().split("\n\n"));
        Configuration settings = Configuration.fromMap(Map.of());
        TableEnvironment tables = TableEnvironment.create(EnvironmentSettings.newInstance().inStreamingMode().withConfiguration(settings).build());
        for (String statement : statements.subList(0, statements.size() - 1)) tables.executeSql(statement);
        long started = System.nanoTime();
        tables.executeSql(statements.get(statements.size() - 1)).await();
        Task.report(System.nanoTime() - started);
        // Its threads would keep the process.
        System.exit(0);
    }
}
