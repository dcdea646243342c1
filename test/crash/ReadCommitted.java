import java.io.BufferedWriter;
import java.io.OutputStreamWriter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/** Prints all committed records of topics: {@code topic TAB partition TAB key TAB value}, in base64, {@code -} for null. */
public final class ReadCommitted {
  public static void main(String[] args) throws Exception {
    Properties properties = new Properties();
    properties.put("bootstrap.servers", args[0]);
    properties.put("isolation.level", "read_committed");
    properties.put("auto.offset.reset", "none");
    properties.put("enable.auto.commit", "false");
    ByteArrayDeserializer bytes = new ByteArrayDeserializer();
    long deadline = System.nanoTime() + Duration.ofMinutes(5).toNanos();
    try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(properties, bytes, bytes);
        BufferedWriter out = new BufferedWriter(new OutputStreamWriter(System.out))) {
      List<TopicPartition> partitions = new ArrayList<>();
      for (int i = 1; i < args.length; i++)
        for (var info : consumer.partitionsFor(args[i])) partitions.add(new TopicPartition(info.topic(), info.partition()));
      consumer.assign(partitions);
      consumer.seekToBeginning(partitions);
      // For a read_committed consumer: the last stable offsets.
      Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
      while (partitions.stream().anyMatch(partition -> consumer.position(partition) < ends.get(partition))) {
        if (System.nanoTime() > deadline) throw new IllegalStateException("not read to the end within five minutes");
        for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(500))) {
          if (record.offset() >= ends.get(new TopicPartition(record.topic(), record.partition()))) continue;
          out.write(record.topic() + "\t" + record.partition() + "\t" + text(record.key()) + "\t" + text(record.value()) + "\n");
        }
      }
    }
  }

  private static String text(byte[] bytes) {
    return bytes == null ? "-" : Base64.getEncoder().encodeToString(bytes);
  }
}
