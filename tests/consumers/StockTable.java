// Keeps the stock of a ledger as a table, with nothing but Apache Kafka's own client (and Jackson for JSON):
//
//   StockTable <bootstrap> <prefix>.<ledger> <generation> <file>
//
// Reads `custody` to its end, then follows `events` from there, as engine/stream/CONSUMERS.md says ("State first, then
// events"). The file holds the table as JSON and is replaced whenever it has changed. Runs until it is ended.

import com.fasterxml.jackson.databind.*;
import java.nio.file.*;
import java.time.Duration;
import java.util.*;
import org.apache.kafka.clients.consumer.*;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.*;

public final class StockTable {
    private record Piece(long asOf, JsonNode now, JsonNode counted) {}
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Map<String, Piece> pieces = new HashMap<>();

    private static KafkaConsumer<String, byte[]> consumer(String bootstrap, String isolation) {
        return new KafkaConsumer<>(Map.of("bootstrap.servers", bootstrap, "isolation.level", isolation),
            new StringDeserializer(), new ByteArrayDeserializer());
    }
    private static List<TopicPartition> partitions(Consumer<?, ?> consumer, String topic) {
        return consumer.partitionsFor(topic).stream().map(one -> new TopicPartition(topic, one.partition())).toList();
    }
    private static String header(ConsumerRecord<?, ?> record, String name) {
        var header = record.headers().lastHeader(name);
        return header == null ? "{}" : new String(header.value());
    }

    private static void custody(ConsumerRecord<String, byte[]> record) throws Exception {
        JsonNode value = record.value() == null ? JSON.nullNode() : JSON.readTree(record.value()); // null: it is gone
        long position = Long.parseLong(header(record, "ce_sequence"));
        pieces.put(record.key(), new Piece(position, value.path("piece"), value.path("counted")));
    }

    private static void event(ConsumerRecord<String, byte[]> record) throws Exception {
        JsonNode after = JSON.readTree(header(record, "ce_after"));
        String item = after.path("item").asText(record.key());
        long position = Long.parseLong(header(record, "ce_sequence"));
        if (after.isEmpty() || pieces.containsKey(item) && position <= pieces.get(item).asOf) return; // known already
        pieces.put(item, new Piece(position, after, after.path("counted")));
    }

    private static void write(Path file) throws Exception {
        Map<String, Map<String, Long>> table = new TreeMap<>();
        for (Piece one : pieces.values()) {
            if (one.counted.isMissingNode() || !one.now.at("/owner/kind").asText().equals("HOUSE")) continue;
            String key = one.now.path("model").asText() + "|" + one.counted.path("site").asInt();
            var row = table.computeIfAbsent(key, ignored -> new TreeMap<>());
            row.merge(one.counted.path("column").asText(), 1L, Long::sum);
            row.merge("insured", one.now.at("/insured/minor").asLong(), Long::sum);
        }
        Path beside = Files.write(Path.of(file + ".new"), JSON.writeValueAsBytes(table)); // nobody reads half of it
        Files.move(beside, file, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
    }

    public static void main(String[] given) throws Exception {
        try (var consumer = consumer(given[0], "read_committed"); var all = consumer(given[0], "read_uncommitted")) {
            var events = partitions(consumer, given[1] + ".events.v" + given[2]);
            var custody = partitions(consumer, given[1] + ".custody.v" + given[2]);
            var from = consumer.endOffsets(events);
            var end = all.endOffsets(custody); // that of open transactions too: CONSUMERS.md says why
            consumer.assign(custody);
            consumer.seekToBeginning(custody);
            while (custody.stream().anyMatch(one -> consumer.position(one) < end.get(one))) {
                for (var record : consumer.poll(Duration.ofMillis(500))) custody(record);
            }
            consumer.assign(events);
            from.forEach(consumer::seek);
            while (true) {
                for (var record : consumer.poll(Duration.ofMillis(500))) event(record);
                write(Path.of(given[3]));
            }
        }
    }
}
