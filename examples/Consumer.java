// Follow one lane of a Touchline tenant on Kafka, and prove that nothing is missing, doubled, altered or foreign.
//
//   TOUCHLINE_KEY=tl_… java -cp 'lib/*' Consumer.java localhost:9092 touchline facts 1 云栖集团 http://127.0.0.1:8311 consumer.state
//
// lib: kafka-clients and jackson-databind with what they need (Maven). As examples/consumer.py does it: a record that is not the
// next link of the hash chain is not believed, and the rows are read from the ledger (GET /events) from there on.

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

public class Consumer {
    /** `after` is null in the lane of facts; `value` is null where the ledger withholds it from this key. */
    record Row(long place, long recorded, Long after, String hash, String timeline, String type, String id, byte[] value) {}

    static final ObjectMapper JSON = new ObjectMapper();
    final HttpClient http = HttpClient.newHttpClient();
    final String lane;
    final int tenant;
    final byte[] name;
    final String url;
    final Path state;
    long place = 0;
    long offset = 0;
    String hash = "0".repeat(64);
    String timeline = "";

    Consumer(String lane, int tenant, String name, String url, Path state) throws IOException {
        this.lane = lane;
        this.tenant = tenant;
        this.name = name.getBytes(StandardCharsets.UTF_8);
        this.url = url;
        this.state = state;
        if (Files.exists(state)) {
            JsonNode noted = JSON.readTree(Files.readString(state));
            place = noted.get(0).asLong();
            hash = noted.get(1).asText();
            timeline = noted.get(2).asText();
            offset = noted.get(3).asLong();
        }
    }

    /** Yours: called for each row once, in order; again for the last ones if the process died before they were noted. */
    void handle(Row row, String source) throws IOException {
        Map<String, Object> told = new HashMap<>();
        told.put("place", row.place());
        told.put("type", row.type());
        told.put("id", row.id());
        told.put("from", source);
        System.out.println(JSON.writeValueAsString(told));
    }

    /** Whether it is the next link of the chain. */
    boolean fits(Row row) throws Exception {
        if (row.place() != place + 1 || row.value() == null || !(timeline.isEmpty() || timeline.equals(row.timeline()))) {
            return false;
        }
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(bytes);
        frame(out, HexFormat.of().parseHex(hash));
        frame(out, lane.getBytes(StandardCharsets.US_ASCII));
        number(out, tenant);
        frame(out, name);
        number(out, row.place());
        number(out, row.recorded());
        if (row.after() != null) {
            number(out, row.after());
        }
        frame(out, row.value());
        byte[] made = MessageDigest.getInstance("SHA-256").digest(bytes.toByteArray());
        return HexFormat.of().formatHex(made).equals(row.hash());
    }

    static void frame(DataOutputStream out, byte[] field) throws IOException {
        out.writeInt(field.length);
        out.write(field);
    }

    static void number(DataOutputStream out, long value) throws IOException {
        out.writeInt(8);
        out.writeLong(value);
    }

    void take(Row row, String source) throws IOException {
        handle(row, source);
        place = row.place();
        hash = row.hash();
        timeline = row.timeline();
    }

    /** A record of the topic; null for one that is no row at all. */
    void heard(Row row, long at) throws Exception {
        if (row != null && fits(row)) {
            take(row, "kafka");
        } else if (row == null || row.place() > place || !row.timeline().equals(timeline)) {
            catchUp();
        }
        offset = at + 1;
    }

    /** All that the ledger has by now. */
    void catchUp() throws Exception {
        JsonNode rows;
        do {
            URI where = URI.create(url + "/events?lane=" + lane + "&after=" + place + "&limit=500");
            HttpRequest asked = HttpRequest.newBuilder(where)
                    .header("Authorization", "Bearer " + System.getenv("TOUCHLINE_KEY"))
                    .timeout(Duration.ofSeconds(30))
                    .build();
            HttpResponse<String> answer = http.send(asked, HttpResponse.BodyHandlers.ofString());
            if (answer.statusCode() != 200) {
                throw new IllegalStateException("GET " + where + ": " + answer.statusCode() + " " + answer.body());
            }
            rows = JSON.readTree(answer.body());
            for (JsonNode told : rows) {
                JsonNode value = told.get("value");
                Row row = new Row(
                        told.get("place").asLong(),
                        told.get("recorded").asLong(),
                        told.get("after").isNull() ? null : told.get("after").asLong(),
                        told.get("chainhash").asText(),
                        told.get("timeline").asText(),
                        told.get("type").isNull() ? null : told.get("type").asText(),
                        told.get("id").isNull() ? null : told.get("id").asText(),
                        value.isNull() ? null : value.asText().getBytes(StandardCharsets.UTF_8));
                if (!timeline.isEmpty() && !timeline.equals(row.timeline())) {
                    throw new IllegalStateException("the ledger was restored: remove the state file and begin again");
                }
                boolean hidden = told.get("withheld").asBoolean() && row.place() == place + 1;
                if (!hidden && !fits(row)) {
                    throw new IllegalStateException("place " + row.place() + " of the ledger does not chain: touchline verify");
                }
                take(row, "ledger");
            }
        } while (!rows.isEmpty());
    }

    /** Atomically, after what it says was handled. */
    void note() throws IOException {
        Path half = Path.of(state + ".half");
        Files.writeString(half, JSON.writeValueAsString(List.of(place, hash, timeline, offset)));
        Files.move(half, state, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    static Row rowOf(ConsumerRecord<byte[], byte[]> record) {
        Map<String, String> said = new HashMap<>();
        for (Header header : record.headers()) {
            if (header.value() != null) {
                said.put(header.key(), new String(header.value(), StandardCharsets.UTF_8));
            }
        }
        for (String needed : List.of("ce_chainhash", "ce_timeline", "ce_type", "ce_id")) {
            if (!said.containsKey(needed)) {
                return null;
            }
        }
        try {
            return new Row(
                    Long.parseLong(said.get("ce_place")),
                    Long.parseLong(said.get("ce_recorded")),
                    said.containsKey("ce_after") ? Long.valueOf(said.get("ce_after")) : null,
                    said.get("ce_chainhash"),
                    said.get("ce_timeline"),
                    said.get("ce_type"),
                    said.get("ce_id"),
                    record.value() == null ? new byte[0] : record.value());
        } catch (NumberFormatException none) {
            return null;
        }
    }

    /** servers, first word of the topics, lane, tenant's number, tenant's name, url, state file, [place to end at] */
    public static void main(String[] given) throws Exception {
        Consumer lane = new Consumer(given[2], Integer.parseInt(given[3]), given[4], given[5], Path.of(given[6]));
        long until = given.length > 7 ? Long.parseLong(given[7]) : 0;
        Properties settings = new Properties();
        settings.put("bootstrap.servers", given[0]);
        settings.put("enable.auto.commit", "false"); // what was handled is noted by us
        settings.put("auto.offset.reset", "earliest"); // where records expired: what they were is read from the ledger
        settings.put("key.deserializer", ByteArrayDeserializer.class.getName());
        settings.put("value.deserializer", ByteArrayDeserializer.class.getName());
        try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(settings)) {
            TopicPartition part = new TopicPartition(given[1] + "." + given[2], lane.tenant - 1);
            consumer.assign(List.of(part));
            consumer.seek(part, lane.offset);
            while (until == 0 || lane.place < until) {
                boolean any = false;
                for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofSeconds(1))) {
                    lane.heard(rowOf(record), record.offset());
                    any = true;
                }
                if (any) {
                    lane.note();
                }
            }
        }
    }
}
