import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import org.apache.storm.Config;
import org.apache.storm.LocalCluster;
import org.apache.storm.spout.SpoutOutputCollector;
import org.apache.storm.task.TopologyContext;
import org.apache.storm.topology.BasicOutputCollector;
import org.apache.storm.topology.OutputFieldsDeclarer;
import org.apache.storm.topology.TopologyBuilder;
import org.apache.storm.topology.base.BaseBasicBolt;
import org.apache.storm.topology.base.BaseRichSpout;
import org.apache.storm.tuple.Fields;
import org.apache.storm.tuple.Tuple;
import org.apache.storm.tuple.Values;

/** Counts events by key, one at a time. Arguments: port, events, bolts that count. */
public final class Latency {
    private Latency() {}

    public static void main(String[] args) throws Exception {
        long events = Long.parseLong(args[1]);
        TopologyBuilder topology = new TopologyBuilder();
        topology.setSpout("events", new Events(Integer.parseInt(args[0])));
        topology.setBolt("count", new Count(), Integer.parseInt(args[2])).fieldsGrouping("events", new Fields("key"));
        topology.setBolt("seen", new Show()).globalGrouping("count");
        Config config = new Config();
        config.setNumAckers(0);
        try (LocalCluster cluster = new LocalCluster()) {
            try (LocalCluster.LocalTopology running =
                    cluster.submitTopology("latency", config, topology.createTopology())) {
                while (Seen.events() < events) {
                    Thread.sleep(10);
                }
            }
        }
        Seen.write();
        System.exit(0);
    }

    private static final class Events extends BaseRichSpout {
        private static final long serialVersionUID = 1;
        private final int port;
        private transient BufferedReader lines;
        private transient SpoutOutputCollector out;

        Events(int port) {
            this.port = port;
        }

        @Override
        public void open(Map<String, Object> config, TopologyContext context, SpoutOutputCollector out) {
            this.out = out;
            try {
                Socket socket = new Socket("127.0.0.1", port);
                var bytes = new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8);
                lines = new BufferedReader(bytes, 1 << 16);
            } catch (IOException error) {
                throw new UncheckedIOException(error);
            }
        }

        /** Emits what has come; Storm calls again, and waits a little where nothing was emitted. */
        @Override
        public void nextTuple() {
            try {
                if (lines.ready()) {
                    String[] cells = lines.readLine().split("\t", 3);
                    out.emit(new Values(cells[0], Long.parseLong(cells[1])));
                }
            } catch (IOException error) {
                throw new UncheckedIOException(error);
            }
        }

        @Override
        public void declareOutputFields(OutputFieldsDeclarer fields) {
            fields.declare(new Fields("key", "number"));
        }
    }

    private static final class Count extends BaseBasicBolt {
        private static final long serialVersionUID = 1;
        private final HashMap<String, Long> counts = new HashMap<>();

        @Override
        public void execute(Tuple event, BasicOutputCollector out) {
            String key = event.getString(0);
            out.emit(new Values(key, event.getLong(1), counts.merge(key, 1L, Long::sum)));
        }

        @Override
        public void declareOutputFields(OutputFieldsDeclarer fields) {
            fields.declare(new Fields("key", "number", "count"));
        }
    }

    private static final class Show extends BaseBasicBolt {
        private static final long serialVersionUID = 1;

        @Override
        public void execute(Tuple counted, BasicOutputCollector out) {
            Seen.of(counted.getString(0), counted.getLong(1), counted.getLong(2));
        }

        @Override
        public void declareOutputFields(OutputFieldsDeclarer fields) {}
    }
}
