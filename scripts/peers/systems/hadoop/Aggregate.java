import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.io.LongWritable;
import org.apache.hadoop.io.Text;
import org.apache.hadoop.mapreduce.Job;
import org.apache.hadoop.mapreduce.Mapper;
import org.apache.hadoop.mapreduce.Reducer;

/**
 * The numbers that each group's aggregates are made of, added up by a combiner: of a column count, sum, least and
 * greatest.
 */
public final class Aggregate {
    private static final String GROUPS = System.getenv().getOrDefault("GROUP_BY", "");
    private static final String WANTED = System.getenv().getOrDefault("AGG", "");
    private static final int[] KEYS = columns(GROUPS.isEmpty() && WANTED.isEmpty() ? "1" : GROUPS);
    private static final String[] VALUES = (WANTED.isEmpty() ? "count" : WANTED).split(",");

    private static int[] columns(String list) {
        return Stream.of(list.split(","))
                .filter(part -> !part.isEmpty())
                .mapToInt(part -> Integer.parseInt(part) - 1)
                .toArray();
    }

    private static int column(String value) {
        return value.contains(":") ? Integer.parseInt(value.substring(value.indexOf(':') + 1)) - 1 : -1;
    }

    /** What is known of one column: `count,sum,least,greatest`, or of rows: a count. */
    private static double[] of(String cell) {
        if (cell.isEmpty()) {
            return new double[] {0, 0, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY};
        }
        double number = Double.parseDouble(cell);
        return new double[] {1, number, number, number};
    }

    public static final class Groups extends Mapper<LongWritable, Text, Text, Text> {
        @Override
        protected void map(LongWritable offset, Text row, Context context) throws IOException, InterruptedException {
            List<String> cells = Cells.of(row.toString());
            List<String> key = new ArrayList<>();
            for (int column : KEYS) {
                key.add(cells.get(column));
            }
            List<String> values = new ArrayList<>();
            for (String value : VALUES) {
                int column = column(value);
                boolean counted = column < 0 || value.startsWith("count") && !cells.get(column).isEmpty();
                String cell = counted ? "1" : cells.get(column);
                values.add(text(of(cell)));
            }
            context.write(new Text(String.join("\t", key)), new Text(String.join(";", values)));
        }
    }

    private static String text(double[] numbers) {
        return numbers[0] + "," + numbers[1] + "," + numbers[2] + "," + numbers[3];
    }

    private static List<double[]> added(Iterable<Text> parts) {
        List<double[]> sums = new ArrayList<>();
        for (Text part : parts) {
            String[] values = part.toString().split(";");
            for (int place = 0; place < values.length; place++) {
                if (sums.size() == place) {
                    sums.add(of(""));
                }
                String[] numbers = values[place].split(",");
                double[] sum = sums.get(place);
                sum[0] += Double.parseDouble(numbers[0]);
                sum[1] += Double.parseDouble(numbers[1]);
                sum[2] = Math.min(sum[2], Double.parseDouble(numbers[2]));
                sum[3] = Math.max(sum[3], Double.parseDouble(numbers[3]));
            }
        }
        return sums;
    }

    public static final class Add extends Reducer<Text, Text, Text, Text> {
        @Override
        protected void reduce(Text key, Iterable<Text> parts, Context context)
                throws IOException, InterruptedException {
            context.write(key, new Text(String.join(";", added(parts).stream().map(Aggregate::text).toList())));
        }
    }

    public static final class Tell extends Reducer<Text, Text, Text, Text> {
        @Override
        protected void reduce(Text key, Iterable<Text> parts, Context context)
                throws IOException, InterruptedException {
            List<double[]> sums = added(parts);
            List<String> told = new ArrayList<>();
            for (int place = 0; place < VALUES.length; place++) {
                double[] sum = sums.get(place);
                String function = VALUES[place].split(":")[0];
                if (function.equals("count")) {
                    told.add(String.valueOf((long) sum[0]));
                } else {
                    told.add(sum[0] == 0 ? "" : String.valueOf(number(function, sum)));
                }
            }
            context.write(KEYS.length == 0 ? null : key, new Text(String.join("\t", told)));
        }
    }

    private static double number(String function, double[] sum) {
        return switch (function) {
            case "sum" -> sum[1];
            case "mean" -> sum[1] / sum[0];
            case "min" -> sum[2];
            case "max" -> sum[3];
            default -> throw new IllegalArgumentException(function);
        };
    }

    private Aggregate() {}

    public static void main(String[] args) throws Exception {
        Job job = LocalJob.create(Aggregate.class, new Path(args[0]), new Path(args[1]));
        long started = System.nanoTime();
        job.setMapperClass(Groups.class);
        job.setCombinerClass(Add.class);
        job.setReducerClass(Tell.class);
        job.setOutputKeyClass(Text.class);
        job.setOutputValueClass(Text.class);
        LocalJob.complete(job);
        LocalJob.report(started);
    }
}
