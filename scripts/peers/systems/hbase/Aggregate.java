import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.hbase.HBaseConfiguration;
import org.apache.hadoop.hbase.LocalHBaseCluster;
import org.apache.hadoop.hbase.TableName;
import org.apache.hadoop.hbase.client.BufferedMutator;
import org.apache.hadoop.hbase.client.ColumnFamilyDescriptorBuilder;
import org.apache.hadoop.hbase.client.Connection;
import org.apache.hadoop.hbase.client.ConnectionFactory;
import org.apache.hadoop.hbase.client.Put;
import org.apache.hadoop.hbase.client.Result;
import org.apache.hadoop.hbase.client.ResultScanner;
import org.apache.hadoop.hbase.client.Scan;
import org.apache.hadoop.hbase.client.TableDescriptorBuilder;
import org.apache.hadoop.hbase.util.Bytes;
import org.apache.hadoop.hbase.zookeeper.MiniZooKeeperCluster;

/** Loads rows into HBase, scans and adds them up, and keeps the groups in another table. */
public final class Aggregate {
    private static final byte[] FAMILY = Bytes.toBytes("f");
    /** A column that every row has, also one whose other cells are empty. */
    private static final byte[] ROW = Bytes.toBytes("row");
    private static final TableName ROWS = TableName.valueOf("rows");
    private static final TableName ANSWER = TableName.valueOf("answer");
    private static final int CACHING = 5_000;
    private static final String GROUPS = System.getenv().getOrDefault("GROUP_BY", "");
    private static final String WANTED = System.getenv().getOrDefault("AGG", "");
    private static final int[] KEYS = Arrays.stream((GROUPS.isEmpty() && WANTED.isEmpty() ? "1" : GROUPS).split(","))
            .filter(part -> !part.isEmpty()).mapToInt(Integer::parseInt).toArray();
    private static final String[] VALUES = (WANTED.isEmpty() ? "count" : WANTED).split(",");

    private Aggregate() {}

    public static void main(String[] args) throws Exception {
        Configuration conf = HBaseConfiguration.create();
        Path home = Path.of(System.getenv("SCRATCH")).toAbsolutePath();
        conf.set("hbase.rootdir", home.resolve("hbase").toUri().toString());
        conf.set("hbase.tmp.dir", home.resolve("tmp").toString());
        conf.setBoolean("hbase.unsafe.stream.capability.enforce", false);
        conf.set("hbase.wal.provider", "filesystem");
        for (String address : List.of("hbase.master.hostname", "hbase.regionserver.hostname", "hbase.zookeeper.quorum",
                "hbase.master.ipc.address", "hbase.regionserver.ipc.address")) {
            conf.set(address, "127.0.0.1");
        }
        for (String port : List.of("hbase.master.port", "hbase.regionserver.port")) {
            conf.setInt(port, 0);
        }
        for (String port : List.of("hbase.master.info.port", "hbase.regionserver.info.port")) {
            conf.setInt(port, -1);
        }
        MiniZooKeeperCluster zookeeper = new MiniZooKeeperCluster(conf);
        int port = zookeeper.startup(home.resolve("zookeeper").toFile());
        conf.set("hbase.zookeeper.property.clientPort", String.valueOf(port));
        LocalHBaseCluster cluster = new LocalHBaseCluster(conf, 1, 1);
        cluster.startup();
        while (cluster.getActiveMaster() == null || !cluster.getActiveMaster().isInitialized()) {
            Thread.sleep(50);
        }
        try (Connection connection = ConnectionFactory.createConnection(conf)) {
            for (TableName table : List.of(ROWS, ANSWER)) {
                connection.getAdmin().createTable(
                        TableDescriptorBuilder.newBuilder(table)
                                .setColumnFamily(ColumnFamilyDescriptorBuilder.of(FAMILY))
                                .build());
            }
            long started = System.nanoTime();
            load(connection, Path.of(args[0]));
            long loaded = System.nanoTime();
            ask(connection, Path.of(args[1]));
            System.out.printf("load_seconds=%.6f%n", (loaded - started) / 1e9);
            System.out.printf("work_seconds=%.6f%n", (System.nanoTime() - loaded) / 1e9);
        }
        System.out.flush();
        // What is in the store is not kept: its own way of ending would flush it first.
        Runtime.getRuntime().halt(0);
    }

    private static void load(Connection connection, Path input) throws IOException {
        try (BufferedReader lines = Files.newBufferedReader(input);
                BufferedMutator rows = connection.getBufferedMutator(ROWS)) {
            long place = 0;
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                if (line.isEmpty()) {
                    continue;
                }
                List<String> cells = Cells.of(line);
                Put put = new Put(Bytes.toBytes(place++)).addColumn(FAMILY, ROW, new byte[0]);
                for (int column = 1; column <= cells.size(); column++) {
                    if (!cells.get(column - 1).isEmpty()) {
                        put.addColumn(FAMILY, qualifier(column), Bytes.toBytes(cells.get(column - 1)));
                    }
                }
                rows.mutate(put);
            }
        }
    }

    private static byte[] qualifier(int column) {
        return Bytes.toBytes("c" + column);
    }

    private static int column(String value) {
        return value.contains(":") ? Integer.parseInt(value.substring(value.indexOf(':') + 1)) : 0;
    }

    private static void ask(Connection connection, Path output) throws IOException {
        Map<String, double[][]> groups = new HashMap<>();
        Scan scan = new Scan().setCaching(CACHING).addColumn(FAMILY, ROW);
        for (int column : KEYS) {
            scan.addColumn(FAMILY, qualifier(column));
        }
        for (String value : VALUES) {
            if (column(value) > 0) {
                scan.addColumn(FAMILY, qualifier(column(value)));
            }
        }
        try (ResultScanner rows = connection.getTable(ROWS).getScanner(scan)) {
            for (Result row : rows) {
                add(groups, row);
            }
        }
        try (BufferedMutator answer = connection.getBufferedMutator(ANSWER)) {
            for (Map.Entry<String, double[][]> group : groups.entrySet()) {
                Put put = new Put(Bytes.toBytes("=" + group.getKey()));
                answer.mutate(put.addColumn(FAMILY, FAMILY, Bytes.toBytes(told(group.getValue()))));
            }
        }
        Files.createDirectory(output);
        try (BufferedWriter part = Files.newBufferedWriter(output.resolve("part"), StandardCharsets.UTF_8);
                ResultScanner rows = connection.getTable(ANSWER).getScanner(new Scan().setCaching(CACHING))) {
            for (Result row : rows) {
                String key = Bytes.toString(row.getRow()).substring(1);
                part.write((KEYS.length > 0 ? key + "\t" : "") + Bytes.toString(row.getValue(FAMILY, FAMILY)) + "\n");
            }
        }
    }

    private static String cell(Result row, int column) {
        byte[] value = row.getValue(FAMILY, qualifier(column));
        return value == null ? "" : Bytes.toString(value);
    }

    private static void add(Map<String, double[][]> groups, Result row) {
        String key = String.join("\t", Arrays.stream(KEYS).mapToObj(column -> cell(row, column)).toList());
        double[][] group = groups.computeIfAbsent(key, none -> {
            double[][] sums = new double[VALUES.length][];
            Arrays.setAll(sums, place -> new double[] {0, 0, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY});
            return sums;
        });
        for (int place = 0; place < VALUES.length; place++) {
            int column = column(VALUES[place]);
            String cell = column == 0 ? "1" : cell(row, column);
            if (!cell.isEmpty()) {
                double number = VALUES[place].startsWith("count") ? 1 : Double.parseDouble(cell);
                double[] sum = group[place];
                sum[0]++;
                sum[1] += number;
                sum[2] = Math.min(sum[2], number);
                sum[3] = Math.max(sum[3], number);
            }
        }
    }

    private static String told(double[][] group) {
        List<String> values = new ArrayList<>();
        for (int place = 0; place < VALUES.length; place++) {
            double[] sum = group[place];
            values.add(switch (VALUES[place].split(":")[0]) {
                case "count" -> String.valueOf((long) sum[0]);
                case "sum" -> sum[0] == 0 ? "" : String.valueOf(sum[1]);
                case "mean" -> sum[0] == 0 ? "" : String.valueOf(sum[1] / sum[0]);
                case "min" -> sum[0] == 0 ? "" : String.valueOf(sum[2]);
                case "max" -> sum[0] == 0 ? "" : String.valueOf(sum[3]);
                default -> throw new IllegalArgumentException(VALUES[place]);
            });
        }
        return String.join("\t", values);
    }
}
