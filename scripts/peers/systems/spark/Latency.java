import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.count;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.max;
import static org.apache.spark.sql.functions.split;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.ForeachWriter;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.execution.streaming.sources.LowLatencyMemoryStream;
import org.apache.spark.sql.execution.streaming.sources.LowLatencyMemoryStream$;
import org.apache.spark.sql.streaming.StreamingQuery;
import org.apache.spark.sql.streaming.Trigger;
import scala.jdk.javaapi.CollectionConverters;

/**
 * Counts events by key with Structured Streaming: a batch an interval, or in real-time mode, in which rows go through
 * all stages as they come. The query is the same. Arguments: port, events, milliseconds between batches, micro-batch or
 * real-time.
 */
public final class Latency {
    private static final int LARGEST_PIECE = 1 << 12;

    private Latency() {}

    public static void main(String[] args) throws Exception {
        int port = Integer.parseInt(args[0]);
        long events = Long.parseLong(args[1]);
        long interval = Math.round(Double.parseDouble(args[2]));
        try (SparkSession spark = SparkSession.builder().getOrCreate()) {
            boolean isRealTime = args[3].equals("real-time");
            StreamingQuery query = isRealTime ? realTime(spark, port) : microBatches(spark, port, interval);
            while (Seen.events() < events && query.isActive()) {
                Thread.sleep(10);
            }
            if (query.exception().isDefined()) {
                throw query.exception().get();
            }
            query.stop();
        }
        Seen.write();
    }

    private static Dataset<Row> counts(Dataset<Row> lines) {
        Dataset<Row> events = lines.select(split(col("value"), "\t").as("cells"))
                .select(col("cells").getItem(0).as("key"), col("cells").getItem(1).cast("long").as("number"));
        return events.groupBy("key").agg(count(lit(1)), max("number"));
    }

    private static StreamingQuery microBatches(SparkSession spark, int port, long interval) throws Exception {
        Dataset<Row> lines =
                spark.readStream().format("socket").option("host", "127.0.0.1").option("port", port).load();
        long[] next = {0};
        return counts(lines).writeStream().outputMode("update").trigger(Trigger.ProcessingTime(interval))
                .option("checkpointLocation", "checkpoint")
                .foreachBatch((Dataset<Row> batch, Long id) -> {
                    List<Row> rows = batch.collectAsList();
                    if (!rows.isEmpty()) {
                        long last = rows.stream().mapToLong(row -> row.getLong(2)).max().getAsLong();
                        Seen.all(next[0], last);
                        next[0] = last + 1;
                        rows.forEach(row -> Seen.total(row.getString(0), row.getLong(1)));
                    }
                })
                .start();
    }

    /** Real-time mode takes no socket for a source: the lines are put into Spark's low-latency stream in memory. */
    private static StreamingQuery realTime(SparkSession spark, int port) throws Exception {
        LowLatencyMemoryStream<String> stream =
                LowLatencyMemoryStream$.MODULE$.singlePartition(spark, Encoders.STRING());
        StreamingQuery query = counts(stream.toDF()).writeStream().outputMode("update").trigger(Trigger.RealTime(5_000))
                .option("checkpointLocation", "checkpoint")
                .foreach(new Writer())
                .start();
        Thread reader = new Thread(() -> pour(port, stream));
        reader.setDaemon(true);
        reader.start();
        return query;
    }

    private static void pour(int port, LowLatencyMemoryStream<String> stream) {
        try (Socket socket = new Socket("127.0.0.1", port);
                BufferedReader lines = new BufferedReader(
                        new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8), 1 << 16)) {
            String line = lines.readLine();
            while (line != null) {
                List<String> piece = new ArrayList<>(List.of(line));
                while (lines.ready() && piece.size() < LARGEST_PIECE && (line = lines.readLine()) != null) {
                    piece.add(line);
                }
                stream.addData(CollectionConverters.asScala(piece));
                line = lines.readLine();
            }
        } catch (IOException error) {
            error.printStackTrace();
        }
    }

    private static final class Writer extends ForeachWriter<Row> {
        private static final long serialVersionUID = 1;

        @Override
        public boolean open(long partition, long epoch) {
            return true;
        }

        @Override
        public void process(Row row) {
            Seen.of(row.getString(0), row.getLong(2), row.getLong(1));
        }

        @Override
        public void close(Throwable error) {}
    }
}
