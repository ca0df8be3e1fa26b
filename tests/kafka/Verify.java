// Reads a ledger's topics as any Java consumer does and asserts what engine/stream/CONSUMERS.md promises. Shares neither
// client nor code with the publisher.
//
//   Verify <bootstrap> <prefix.ledger> <generation> <positions> [cut] [book] [state=FILE]
//
// `positions` is how many events the ledger has; with `cut`, retention may have taken any of them; with `book` it is a
// whole ledger, so that tree heads are computed anew. With `state` the topics custody and stock must go with the events,
// record by record, and end as the file says: a line of JSON for each key, with its topic, key and value, without a value
// where a tombstone must be. Prints one line of JSON, and what is wrong, a line each; ends with 1 if anything is.

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.utils.Utils;

public final class Verify {
    private static final Duration PATIENCE = Duration.ofSeconds(90);
    private static final ObjectMapper JSON = new ObjectMapper();

    private final String bootstrap;
    private final String prefix;
    private final String suffix;
    private final List<String> wrong = new ArrayList<>();
    private int wrongCount = 0;

    private Verify(String bootstrap, String prefix, String generation) {
        this.bootstrap = bootstrap;
        this.prefix = prefix;
        this.suffix = ".v" + generation;
    }

    public static void main(String[] arguments) throws Exception {
        if (arguments.length < 4) {
            System.err.println("usage: Verify <bootstrap> <prefix.ledger> <generation> <positions> [cut] [book] [state=FILE]");
            System.exit(2);
        }
        Verify verify = new Verify(arguments[0], arguments[1], arguments[2]);
        long positions = Long.parseLong(arguments[3]);
        String summary = verify.run(positions, List.of(arguments).subList(4, arguments.length));
        System.out.println(summary);
        verify.wrong.forEach(System.out::println);
        if (verify.wrongCount > verify.wrong.size()) System.out.println("… " + verify.wrongCount + " in all");
        System.exit(verify.wrongCount == 0 ? 0 : 1);
    }

    private void wrong(String what) {
        if (++wrongCount <= 20) wrong.add("WRONG: " + what);
    }

    private KafkaConsumer<byte[], byte[]> consumer(String isolation) {
        Properties settings = new Properties();
        settings.put("bootstrap.servers", bootstrap);
        settings.put("isolation.level", isolation);
        settings.put("enable.auto.commit", "false");
        settings.put("check.crcs", "true");
        settings.put("key.deserializer", ByteArrayDeserializer.class.getName());
        settings.put("value.deserializer", ByteArrayDeserializer.class.getName());
        return new KafkaConsumer<>(settings);
    }

    private static List<TopicPartition> partitionsOf(KafkaConsumer<byte[], byte[]> consumer, String topic) {
        List<TopicPartition> all = new ArrayList<>();
        for (PartitionInfo one : consumer.partitionsFor(topic)) all.add(new TopicPartition(topic, one.partition()));
        return all;
    }

    private interface Visit {
        void record(ConsumerRecord<byte[], byte[]> record) throws Exception;
    }

    // Shows everything up to the end, of each partition in order; answers how many partitions there are. The end is first
    // waited for: no transaction may hang open, and none is open here once its publisher is idle or gone.
    private int read(String topic, String isolation, Visit visit) throws Exception {
        try (KafkaConsumer<byte[], byte[]> consumer = consumer(isolation);
                KafkaConsumer<byte[], byte[]> dirty = consumer("read_uncommitted")) {
            List<TopicPartition> partitions = partitionsOf(consumer, topic);
            Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
            long deadline = System.nanoTime() + PATIENCE.toNanos();
            while (!ends.equals(dirty.endOffsets(partitions))) {
                if (System.nanoTime() > deadline) {
                    wrong(topic + ": a transaction stays open: committed up to " + ends + ", written up to " + dirty.endOffsets(partitions));
                    break;
                }
                Thread.sleep(20);
                ends = consumer.endOffsets(partitions);
            }
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            Map<TopicPartition, Long> at = new HashMap<>();
            deadline = System.nanoTime() + PATIENCE.toNanos();
            while (true) {
                boolean done = true;
                for (TopicPartition one : partitions) {
                    long position = consumer.position(one);
                    done &= position >= ends.get(one);
                    Long before = at.put(one, position);
                    if (before == null || position > before) deadline = System.nanoTime() + PATIENCE.toNanos();
                }
                if (done) return partitions.size();
                if (System.nanoTime() > deadline) {
                    wrong(topic + ": the end cannot be reached");
                    return partitions.size();
                }
                for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(200))) visit.record(record);
            }
        }
    }

    private static String text(byte[] bytes) {
        return bytes == null ? null : new String(bytes, StandardCharsets.UTF_8);
    }

    private static String header(ConsumerRecord<byte[], byte[]> record, String name) {
        Header header = record.headers().lastHeader(name);
        return header == null ? null : text(header.value());
    }

    private int partitions(String topic) {
        try (KafkaConsumer<byte[], byte[]> consumer = consumer("read_committed")) {
            return consumer.partitionsFor(topic).size();
        }
    }

    private String ledger() {
        return prefix.substring(prefix.lastIndexOf('.') + 1);
    }

    private String run(long positions, List<String> modes) throws Exception {
        String topic = prefix + ".events" + suffix;
        Events events = new Events(positions);
        events.partitions = partitions(topic);
        read(topic, "read_committed", events::record);
        boolean cut = modes.contains("cut");
        if (!cut) events.finish();
        long[] attempts = {0};
        read(topic, "read_uncommitted", record -> ++attempts[0]);
        Map<String, Object> summary = new LinkedHashMap<>();
        Map<Long, byte[]> roots = new HashMap<>();
        if (!cut) summary.put("frames", frames(positions, modes.contains("book"), roots));
        Control control = new Control(events.partitions, roots);
        control.read(positions);
        for (String mode : modes) {
            if (!mode.startsWith("state=")) continue;
            Expected expected = new Expected(Path.of(mode.substring(6)));
            State custody = new State("custody", positions);
            custody(events, custody, !cut);
            State stock = new State("stock", positions);
            stock.read((key, record, value) -> { });
            if (!cut) events.lastOfKey.keySet().forEach(key -> {
                if (key.length() == 36) expected.values.get("custody").putIfAbsent(key, NullNode.getInstance());
            });
            for (State state : List.of(custody, stock)) state.compare(expected.values.get(state.name));
            summary.put("pieces", custody.table.size());
            summary.put("stock_rows", stock.table.size());
            summary.put("tombstones", custody.tombstones + stock.tombstones);
            if (modes.contains("book")) summary.put("gone", events.gone);
        }
        summary.put("positions", positions);
        summary.put("records", events.records);
        summary.put("taken_back", attempts[0] - events.records);
        summary.put("keys", events.lastOfKey.size());
        summary.put("terms", control.nextOfTerm.size());
        summary.put("cursors", control.count);
        summary.put("held", events.held);
        summary.put("behind_cursor", control.behind(events.held));
        return JSON.writeValueAsString(summary);
    }

    // What the events topic holds, against what it must.
    private final class Events {
        private final long positions;
        private final BitSet whole = new BitSet();
        private final Map<Long, BitSet> parts = new HashMap<>();
        private final Map<Long, Integer> partsOf = new HashMap<>();
        final Map<String, Long> lastOfKey = new HashMap<>();
        final Map<String, Places> about = new HashMap<>(); // of each piece, what events it has
        final Map<String, Places> moves = new HashMap<>(); // and which of them moved it, if out of the world with 1 as mark
        final TreeSet<String> gone = new TreeSet<>(); // that were moved out of the world, last
        final Map<String, JsonNode> after = new HashMap<>(); // what the newest ce_after of each piece says …
        private final Map<String, Long> afterOf = new HashMap<>(); // … and on which event
        final TreeMap<Long, long[]> held = new TreeMap<>(); // term → the first and the last position of its records
        private final Map<Integer, Tail> tails = new HashMap<>();
        int partitions;
        long records = 0;

        Events(long positions) {
            this.positions = positions;
        }

        // Where a partition was when its last record was read.
        private static final class Tail {
            long position = -1;
            int part = -1;
            long term = 0;
        }

        void record(ConsumerRecord<byte[], byte[]> record) throws Exception {
            ++records;
            String place = record.topic() + "-" + record.partition() + "@" + record.offset();
            String id = header(record, "ce_id");
            String ledger = ledger();
            if (id == null || !id.startsWith(ledger + ":")) {
                wrong(place + ": ce_id " + id + " is not of ledger " + ledger);
                return;
            }
            String[] pieces = id.substring(ledger.length() + 1).split(":");
            long position = Long.parseLong(pieces[0]);
            int part = pieces.length > 1 ? Integer.parseInt(pieces[1]) : -1;
            Tail last = tails.computeIfAbsent(record.partition(), ignored -> new Tail());
            if (position < last.position || (position == last.position && part <= last.part)) {
                wrong(place + ": " + id + " comes after position " + last.position + " part " + last.part);
            }
            last.position = position;
            last.part = part;
            // A fenced publisher's record behind its successor's would show as a term that goes down.
            long term = Long.parseLong(header(record, "ce_ledgerepoch"));
            if (term < last.term) wrong(place + ": term " + term + " behind term " + last.term);
            last.term = term;
            long[] held = this.held.computeIfAbsent(term, ignored -> new long[] {position, position});
            held[0] = Math.min(held[0], position);
            held[1] = Math.max(held[1], position);
            seen(place, position, part, record);
            content(place, position, record);
        }

        private void seen(String place, long position, int part, ConsumerRecord<byte[], byte[]> record) {
            if (position < 0 || position >= positions) wrong(place + ": position " + position + " was never written");
            int at = (int) position;
            if (part < 0) {
                if (whole.get(at)) wrong(place + ": position " + position + " a second time");
                whole.set(at);
                return;
            }
            int count = Integer.parseInt(header(record, "ce_parts"));
            if (partsOf.merge(position, count, (a, b) -> a.equals(b) ? a : -1) < 0) wrong(place + ": another number of parts than before");
            BitSet have = parts.computeIfAbsent(position, ignored -> new BitSet());
            if (have.get(part) || part >= count) wrong(place + ": position " + position + " part " + part + " of " + count + " a second time");
            have.set(part);
        }

        private void content(String place, long position, ConsumerRecord<byte[], byte[]> record) throws Exception {
            String key = text(record.key());
            int home = Utils.toPositive(Utils.murmur2(record.key())) % partitions;
            if (home != record.partition()) wrong(place + ": key " + key + " belongs to partition " + home);
            Long last = lastOfKey.put(key, position);
            if (last != null && last > position) wrong(place + ": " + key + " is out of order");
            if (!String.format("%020d", position).equals(header(record, "ce_sequence"))) wrong(place + ": ce_sequence " + header(record, "ce_sequence"));
            if (!"1.0".equals(header(record, "ce_specversion"))) wrong(place + ": no CloudEvent");
            after(key, position, header(record, "ce_after"));
            if (key.length() == 36) about.computeIfAbsent(key, ignored -> new Places()).add(position, 0);
            if (record.value() == null) {
                if (header(record, "ce_dataref") == null) wrong(place + ": neither a value nor where it is");
                return;
            }
            if (!"application/json".equals(header(record, "content-type"))) return;
            JsonNode value = JSON.readTree(record.value());
            if (!value.path("position").asText("0").equals(Long.toString(position))) wrong(place + ": the value says position " + value.path("position"));
            if (key.length() == 36) line(place, position, key, value.path("command").path("lines"), value.path("lines"));
        }

        private void after(String key, long position, String text) throws Exception {
            if (text == null) return;
            JsonNode said = JSON.readTree(text);
            String item = said.path("item").asText(key);
            if (afterOf.merge(item, position, Math::max) == position) after.put(item, said);
        }

        // The value has a line about the piece; where that says where to, the piece was moved.
        private void line(String place, long position, String item, JsonNode sent, JsonNode facts) {
            boolean found = false;
            for (int i = 0; i < Math.max(sent.size(), facts.size()); ++i) {
                boolean about = sent.path(i).path("item").asText().equals(item) || facts.path(i).path("item").asText().equals(item);
                found |= about;
                if (!about || !facts.path(i).has("to")) continue;
                boolean out = facts.path(i).path("to").asText().equals("GONE");
                moves.computeIfAbsent(item, ignored -> new Places()).add(position, out ? 1 : 0);
                if (out) gone.add(item);
                else gone.remove(item);
            }
            if (!found) wrong(place + ": no line of the value is about " + item);
        }

        void finish() {
            for (int position = 0; position < positions; ++position) {
                boolean asWhole = whole.get(position);
                BitSet have = parts.get((long) position);
                if (asWhole == (have != null)) wrong(asWhole ? "position " + position + " is there whole and in parts" : "position " + position + " is missing");
                if (have != null && have.cardinality() != partsOf.get((long) position)) wrong("position " + position + " has parts " + have + " of " + partsOf.get((long) position));
            }
        }
    }

    // Positions that only go up, each with a mark.
    private static final class Places {
        private long[] all = new long[2];
        private int count = 0;

        void add(long position, int mark) {
            if (count == all.length) all = Arrays.copyOf(all, 2 * count);
            all[count++] = position << 1 | mark;
        }

        // The last one at or before it, and its mark in bit 0; -1: none.
        long lastTo(long position) {
            int low = 0;
            for (int high = count; low < high;) {
                int middle = (low + high) >>> 1;
                if (all[middle] >> 1 <= position) low = middle + 1;
                else high = middle;
            }
            return low == 0 ? -1 : all[low - 1];
        }

        static long lastTo(Places places, long position) {
            return places == null ? -1 : places.lastTo(position);
        }
    }

    // What custody and stock must end with: topic → key → value without as_of; null: a tombstone.
    private static final class Expected {
        final Map<String, Map<String, JsonNode>> values = Map.of("custody", new HashMap<>(), "stock", new HashMap<>());

        Expected(Path file) throws Exception {
            for (String line : Files.readAllLines(file)) {
                JsonNode row = JSON.readTree(line);
                values.get(row.path("topic").asText()).put(row.path("key").asText(), undated(row.path("value")));
            }
        }
    }

    private static JsonNode undated(JsonNode value) {
        if (value instanceof ObjectNode fields) fields.remove("as_of");
        return value == null || value.isMissingNode() ? NullNode.getInstance() : value;
    }

    private interface Judge {
        void record(String key, long asOf, JsonNode value);
    }

    // A compacted topic: the newest record of each key, and what holds for every record.
    private final class State {
        final String name;
        final Map<String, JsonNode> table = new HashMap<>(); // values without as_of; null: a tombstone
        long tombstones = 0;
        private final String topic;
        private final long positions;
        private final Map<String, Long> asOf = new HashMap<>();

        State(String name, long positions) {
            this.name = name;
            this.topic = prefix + "." + name + suffix;
            this.positions = positions;
        }

        void read(Judge judge) throws Exception {
            int partitions = partitions(topic);
            Verify.this.read(topic, "read_committed", record -> {
                String key = text(record.key());
                String place = topic + "-" + record.partition() + "@" + record.offset();
                if (Utils.toPositive(Utils.murmur2(record.key())) % partitions != record.partition()) wrong(place + ": " + key + " is in the wrong partition");
                long position = Long.parseLong(header(record, "ce_sequence"));
                if (position >= positions) wrong(place + ": " + key + " is as of " + position + ", which was never written");
                String id = ledger() + ":" + name + ":" + key + ":" + position;
                if (!id.equals(header(record, "ce_id"))) wrong(place + ": ce_id is " + header(record, "ce_id") + ", not " + id);
                Long before = asOf.put(key, position);
                if (before != null && before > position) wrong(place + ": " + key + " goes back from " + before + " to " + position);
                JsonNode value = record.value() == null ? null : JSON.readTree(record.value());
                if (value == null) ++tombstones;
                if (value != null && !value.path("as_of").asText("0").equals(Long.toString(position))) wrong(place + ": as_of is " + value.path("as_of"));
                judge.record(key, position, value);
                table.put(key, undated(value));
            });
        }

        void compare(Map<String, JsonNode> expected) {
            expected.forEach((key, value) -> {
                JsonNode found = table.get(key);
                if (found == null) wrong(name + ": " + key + " is missing");
                else if (value.isNull() && !found.isNull()) wrong(name + ": " + key + " is gone and has no tombstone");
                else if (!value.isNull() && found.isNull()) wrong(name + ": " + key + " has a tombstone and is not gone");
                else if (!value.equals(found)) wrong(name + ": " + key + " is " + found + ", and must be " + value);
            });
            table.forEach((key, found) -> {
                if (!expected.containsKey(key) && !found.isNull()) wrong(name + ": " + key + " is not in the ledger, and has no tombstone");
            });
        }
    }

    // Each record holds the piece as of an event of its own, no earlier than its last move up to as_of; the newest one is as
    // the last ce_after says.
    private void custody(Events events, State custody, boolean whole) throws Exception {
        custody.read((key, asOf, value) -> {
            if (!whole) return;
            long move = Places.lastTo(events.moves.get(key), asOf);
            boolean gone = move >= 0 && (move & 1) == 1;
            if (gone != (value == null)) wrong("custody: " + key + (gone ? " has a value" : " has a tombstone") + " as of " + asOf + "; its last move was at " + (move >> 1));
            if (value == null) return;
            long of = value.path("piece").path("last_event").asLong();
            long last = Places.lastTo(events.about.get(key), asOf) >> 1;
            if (of < move >> 1 || of > last) wrong("custody: " + key + " is as of event " + of + " at " + asOf + "; it was moved last by " + (move >> 1) + ", and its last is " + last);
        });
        if (!whole) return;
        custody.table.forEach((key, value) -> {
            if (value.isNull()) return;
            JsonNode said = events.after.getOrDefault(key, JSON.missingNode());
            for (String name : List.of("state", "account", "since", "owner", "version", "model", "insured")) {
                if (!said.path(name).equals(value.path("piece").path(name))) wrong("custody: " + key + " has " + name + " " + value.path("piece").path(name) + "; the last ce_after has " + said.path(name));
            }
            if (!said.path("counted").equals(value.path("counted"))) wrong("custody: " + key + " is counted in " + value.path("counted") + "; the last ce_after has " + said.path("counted"));
        });
    }

    // The log topic: frames join without a gap; of a whole ledger their tree heads are computed anew. `roots`: tree heads by
    // the number of events.
    private int frames(long positions, boolean compute, Map<Long, byte[]> roots) throws Exception {
        Tree tree = new Tree();
        byte[][] root = {null};
        int[] count = {0};
        read(prefix + ".log" + suffix, "read_committed", record -> {
            Frame frame = new Frame(record.value());
            String place = record.topic() + "@" + record.offset();
            ++count[0];
            if (frame.first != tree.size) wrong(place + ": a frame from " + frame.first + " behind " + tree.size + " events");
            if (root[0] != null && !Arrays.equals(root[0], frame.rootBefore)) wrong(place + ": the tree before it is another one");
            if (compute && !Arrays.equals(tree.root(), frame.rootBefore)) wrong(place + ": its root before is not that of the events before");
            roots.putIfAbsent(frame.first, frame.rootBefore);
            for (byte[] event : frame.events) tree.add(event);
            root[0] = frame.root;
            roots.put(frame.first + frame.events.size(), frame.root);
            if (compute && !Arrays.equals(tree.root(), frame.root)) wrong(place + ": its root is not that of its events");
        });
        if (tree.size != positions) wrong("the log topic holds " + tree.size + " events of " + positions);
        return count[0];
    }

    // daybook.v1.LogFrame, off the wire.
    private static final class Frame {
        long first = 0;
        byte[] rootBefore = {};
        byte[] root = {};
        final List<byte[]> events = new ArrayList<>();
        private final ByteBuffer bytes;

        Frame(byte[] value) {
            bytes = ByteBuffer.wrap(value);
            while (bytes.hasRemaining()) {
                long tag = number();
                if ((tag & 7) == 0) {
                    long value64 = number();
                    if (tag >> 3 == 2) first = value64;
                    continue;
                }
                byte[] field = new byte[(int) number()];
                bytes.get(field);
                if (tag >> 3 == 3) rootBefore = field;
                if (tag >> 3 == 4) root = field;
                if (tag >> 3 == 5) events.add(field);
            }
        }

        private long number() {
            long value = 0;
            for (int shift = 0;; shift += 7) {
                byte next = bytes.get();
                value |= (next & 0x7fL) << shift;
                if (next >= 0) return value;
            }
        }
    }

    // RFC 6962's tree over the events so far, as the heads of its whole subtrees, the largest first.
    private static final class Tree {
        long size = 0;
        private final ArrayList<byte[]> heads = new ArrayList<>();

        void add(byte[] event) throws Exception {
            heads.add(hash(0, event));
            for (long left = ++size; (left & 1) == 0; left >>= 1) {
                byte[] right = heads.remove(heads.size() - 1);
                heads.add(hash(1, heads.remove(heads.size() - 1), right));
            }
        }

        byte[] root() throws Exception {
            if (heads.isEmpty()) return MessageDigest.getInstance("SHA-256").digest();
            byte[] head = heads.get(heads.size() - 1);
            for (int i = heads.size() - 2; i >= 0; --i) head = hash(1, heads.get(i), head);
            return head;
        }

        private static byte[] hash(int prefix, byte[]... parts) throws Exception {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            digest.update((byte) prefix);
            for (byte[] part : parts) digest.update(part);
            return digest.digest();
        }
    }

    // Cursors: terms and positions only go up; what is left after compaction ends at the number of events. Their tree heads
    // are those of the log's frames.
    private final class Control {
        private final int partitions;
        private final Map<Long, byte[]> roots;
        final TreeMap<Long, Long> nextOfTerm = new TreeMap<>(); // term → where its last cursor is
        int count = 0;
        private long next = 0;
        private long from = 0; // where the transaction of the last cursor began

        Control(int partitions, Map<Long, byte[]> roots) {
            this.partitions = partitions;
            this.roots = roots;
        }

        void read(long positions) throws Exception {
            boolean[] incomplete = {false};
            Verify.this.read(prefix + ".control" + suffix, "read_committed", record -> {
                JsonNode cursor = JSON.readTree(record.value());
                one(record.topic() + "@" + record.offset(), text(record.key()), cursor);
                incomplete[0] = cursor.path("state_incomplete").asBoolean();
            });
            if (next != positions) wrong("the control topic ends at position " + next + " of " + positions);
            if (incomplete[0]) wrong("the control topic ends with state that is not whole");
        }

        private void one(String place, String key, JsonNode cursor) throws Exception {
            long term = Long.parseLong(cursor.path("epoch").asText("0"));
            long at = Long.parseLong(cursor.path("next").asText("0"));
            long last = nextOfTerm.isEmpty() ? 0 : nextOfTerm.lastKey();
            if (term < last) wrong(place + ": term " + term + " behind term " + last);
            // Back over a transaction that was torn, and no further.
            if (at < next && (at != from || term == last)) wrong(place + ": position " + at + " behind position " + next);
            from = Long.parseLong(cursor.path("from").asText("-1"));
            if (from < 0 || from > at) wrong(place + ": its transaction began at " + from);
            if (!ledger().equals(key) || !key.equals(cursor.path("ledger").asText())) wrong(place + ": the cursor is of ledger " + cursor.path("ledger") + ", by its key of " + key);
            if (cursor.path("partitions").asInt() != partitions) wrong(place + ": the cursor speaks of " + cursor.path("partitions") + " partitions");
            byte[] root = roots.get(at);
            if (root != null && !Arrays.equals(root, cursor.path("root").binaryValue())) wrong(place + ": the cursor's root is not that of the log at " + at);
            nextOfTerm.put(term, at);
            next = at;
            ++count;
        }

        // How many positions were published by a term behind its own last cursor: a torn commit, mended by a later term. Of
        // terms whose cursors compaction has left.
        long behind(TreeMap<Long, long[]> held) {
            long behind = 0;
            for (Map.Entry<Long, long[]> one : held.entrySet()) {
                Long end = nextOfTerm.get(one.getKey());
                if (end != null) behind += Math.max(0, one.getValue()[1] + 1 - end);
            }
            if (!held.isEmpty() && (nextOfTerm.isEmpty() || held.lastKey() > nextOfTerm.lastKey())) wrong("term " + held.lastKey() + " has events, and nobody claimed it");
            return behind;
        }
    }
}
