import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;

/** What an engine is asked to do, given as `name=value` arguments, and how it reports what it took. */
final class Task {
    private final Map<String, String> values = new HashMap<>();

    Task(String[] arguments) {
        for (String argument : arguments) {
            int equals = argument.indexOf('=');
            values.put(argument.substring(0, equals), argument.substring(equals + 1));
        }
    }

    String get(String name) {
        String value = values.get(name);
        if (value == null) throw new IllegalArgumentException(name + "= is missing");
        return value;
    }

    long number(String name) {
        return Long.parseLong(get(name));
    }

    /** The topic `output`, compacted if it is to be a table, with as many partitions as the input has. */
    void createOutput(Admin admin) throws Exception {
        NewTopic topic = new NewTopic(get("output"), (int) number("partitions"), (short) 1);
        String cleanup = get("result").equals("table") ? "compact" : "delete";
        // The event times are past, and what is older than a broker's retention would be deleted.
        admin.createTopics(List.of(topic.configs(Map.of("cleanup.policy", cleanup, "retention.ms", "-1")))).all().get();
    }

    Admin admin() {
        Properties properties = new Properties();
        properties.put("bootstrap.servers", get("brokers"));
        return Admin.create(properties);
    }

    /** Prints the report of this process as one line of JSON. */
    static void report(long nanoseconds) throws IOException, InterruptedException {
        var system = (com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        System.out.printf("{\"seconds\":%.3f,\"cpuSeconds\":%.3f,\"peakBytes\":%d}%n",
            nanoseconds / 1e9, system.getProcessCpuTime() / 1e9, peakBytes());
        System.out.flush();
    }

    /** Most resident memory where the system says it; elsewhere what is resident now, which with a JVM hardly differs. */
    private static long peakBytes() throws IOException, InterruptedException {
        Path status = Path.of("/proc/self/status");
        if (Files.exists(status)) {
            for (String line : Files.readAllLines(status))
                if (line.startsWith("VmHWM:")) return Long.parseLong(line.replaceAll("\\D", "")) * 1024;
        }
        Process ps = new ProcessBuilder("ps", "-o", "rss=", "-p", String.valueOf(ProcessHandle.current().pid())).start();
        String resident = new String(ps.getInputStream().readAllBytes(), StandardCharsets.UTF_8).trim();
        ps.waitFor();
        return Long.parseLong(resident) * 1024;
    }
}
