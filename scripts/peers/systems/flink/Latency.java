import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.functions.RichMapFunction;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.api.java.tuple.Tuple3;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;

/**
 * Counts events by key, one at a time. Arguments: port, events, the longest wait in a buffer in milliseconds, tasks.
 */
public final class Latency {
    private Latency() {}

    public static void main(String[] args) throws Exception {
        StreamExecutionEnvironment environment = StreamExecutionEnvironment.getExecutionEnvironment();
        environment.setParallelism(Integer.parseInt(args[3]));
        environment.setBufferTimeout(Math.round(Double.parseDouble(args[2])));
        environment.socketTextStream("127.0.0.1", Integer.parseInt(args[0]))
                .map(line -> {
                    String[] cells = line.split("\t", 3);
                    return Tuple2.of(cells[0], Long.parseLong(cells[1]));
                })
                .returns(Types.TUPLE(Types.STRING, Types.LONG))
                .keyBy(event -> event.f0)
                .map(new Count())
                .returns(Types.TUPLE(Types.STRING, Types.LONG, Types.LONG))
                .map(counted -> {
                    Seen.of(counted.f0, counted.f1, counted.f2);
                    return counted;
                })
                .returns(Types.TUPLE(Types.STRING, Types.LONG, Types.LONG))
                .sinkTo(new DiscardingSink<>());
        environment.execute();
        Seen.write();
    }

    private static final class Count extends RichMapFunction<Tuple2<String, Long>, Tuple3<String, Long, Long>> {
        private static final long serialVersionUID = 1;
        private transient ValueState<Long> count;

        @Override
        public void open(OpenContext context) {
            count = getRuntimeContext().getState(new ValueStateDescriptor<>("count", Types.LONG));
        }

        @Override
        public Tuple3<String, Long, Long> map(Tuple2<String, Long> event) throws Exception {
            Long before = count.value();
            long now = before == null ? 1 : before + 1;
            count.update(now);
            return Tuple3.of(event.f0, event.f1, now);
        }
    }
}
