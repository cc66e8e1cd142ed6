import java.io.File;
import java.util.StringTokenizer;
import org.apache.flink.api.common.RuntimeExecutionMode;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.serialization.SimpleStringEncoder;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.connector.file.sink.FileSink;
import org.apache.flink.connector.file.src.FileSource;
import org.apache.flink.connector.file.src.reader.TextLineInputFormat;
import org.apache.flink.core.fs.Path;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.util.Collector;

/** Word count in batch mode: words are brought together by sorting, and added up. */
public final class Wordcount {
    private Wordcount() {}

    public static void main(String[] args) throws Exception {
        StreamExecutionEnvironment environment = StreamExecutionEnvironment.getExecutionEnvironment();
        environment.setRuntimeMode(RuntimeExecutionMode.BATCH);
        environment.setParallelism(Integer.parseInt(System.getenv("CPUS")));
        long started = System.nanoTime();
        FileSource<String> lines =
                FileSource.forRecordStreamFormat(
                                new TextLineInputFormat(), Path.fromLocalFile(new File(args[0]).getCanonicalFile()))
                        .build();
        environment.fromSource(lines, WatermarkStrategy.noWatermarks(), "lines")
                .flatMap((String line, Collector<Tuple2<String, Long>> out) -> {
                    for (StringTokenizer words = new StringTokenizer(line); words.hasMoreTokens(); ) {
                        out.collect(Tuple2.of(words.nextToken(), 1L));
                    }
                })
                .returns(Types.TUPLE(Types.STRING, Types.LONG))
                .keyBy(pair -> pair.f0)
                .reduce((one, other) -> Tuple2.of(one.f0, one.f1 + other.f1))
                .map(pair -> pair.f0 + "\t" + pair.f1)
                .returns(Types.STRING)
                .sinkTo(FileSink.forRowFormat(
                                Path.fromLocalFile(new File(args[1]).getAbsoluteFile()),
                                new SimpleStringEncoder<String>("UTF-8"))
                        .build());
        environment.execute();
        System.out.printf("work_seconds=%.6f%n", (System.nanoTime() - started) / 1e9);
    }
}
