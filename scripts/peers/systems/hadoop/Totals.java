import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.util.Arrays;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.io.DoubleWritable;
import org.apache.hadoop.io.IntWritable;
import org.apache.hadoop.io.LongWritable;
import org.apache.hadoop.io.SequenceFile;
import org.apache.hadoop.io.Text;
import org.apache.hadoop.mapreduce.Job;
import org.apache.hadoop.mapreduce.Mapper;
import org.apache.hadoop.mapreduce.Reducer;
import org.apache.hadoop.mapreduce.lib.output.SequenceFileOutputFormat;

/**
 * A job for each sum over all points. It reads and parses the text again; a map task adds up what its points contribute
 * and one reducer the tasks' sums, which the driver reads back. Vectors reach the tasks in the configuration.
 */
final class Totals {
    private static final String LABELLED = "labelled";
    private static final String STATE = "state";
    private static final String MEANS = "means";
    private static final String DEVIATIONS = "deviations";

    /** A map task's share of the sums. */
    abstract static class Adder extends Mapper<LongWritable, Text, IntWritable, DoubleWritable> {
        private Points format;
        private int firstFeature;
        private double[] state;
        private double[] means;
        private double[] deviations;
        private double[] sums;

        /** How many sums there are, for points of this size. */
        abstract int sums(int pointSize);

        /** Add what the point contributes. */
        abstract void add(double[] point, double[] state, double[] sums);

        @Override
        protected void setup(Context context) {
            Configuration conf = context.getConfiguration();
            boolean labelled = conf.getBoolean(LABELLED, false);
            format = labelled ? Points.labelled() : Points.features();
            firstFeature = labelled ? 1 : 0;
            state = vector(conf, STATE);
            means = vector(conf, MEANS);
            deviations = vector(conf, DEVIATIONS);
        }

        @Override
        protected void map(LongWritable offset, Text line, Context context) {
            if (Points.HEADER && offset.get() == 0) {
                return;
            }
            double[] point = format.parse(line.toString());
            if (deviations != null) {
                for (int i = firstFeature; i < point.length; i++) {
                    point[i] = (point[i] - means[i]) / deviations[i];
                }
            }
            if (sums == null) {
                sums = new double[sums(point.length)];
            }
            add(point, state, sums);
        }

        @Override
        protected void cleanup(Context context) throws IOException, InterruptedException {
            for (int i = 0; sums != null && i < sums.length; i++) {
                context.write(new IntWritable(i), new DoubleWritable(sums[i]));
            }
        }
    }

    public static final class Sum extends Reducer<IntWritable, DoubleWritable, IntWritable, DoubleWritable> {
        @Override
        protected void reduce(IntWritable index, Iterable<DoubleWritable> parts, Context context)
                throws IOException, InterruptedException {
            double sum = 0;
            for (DoubleWritable part : parts) {
                sum += part.get();
            }
            context.write(index, new DoubleWritable(sum));
        }
    }

    /** The numbers of a point, and how many points there are. */
    public static final class Means extends Adder {
        @Override
        int sums(int pointSize) {
            return pointSize + 1;
        }

        @Override
        void add(double[] point, double[] state, double[] sums) {
            for (int i = 0; i < point.length; i++) {
                sums[i] += point[i];
            }
            sums[point.length]++;
        }
    }

    /** Squares of the distances from the means. */
    public static final class Deviations extends Adder {
        @Override
        int sums(int pointSize) {
            return pointSize;
        }

        @Override
        void add(double[] point, double[] means, double[] sums) {
            for (int i = 0; i < point.length; i++) {
                sums[i] += (point[i] - means[i]) * (point[i] - means[i]);
            }
        }
    }

    private final Class<?> program;
    private final Path input;
    private final boolean labelled;
    private final Configuration vectors = new Configuration(false);
    private int jobs;

    Totals(Class<?> program, String input, boolean labelled) throws Exception {
        this.program = program;
        this.input = new Path(input);
        this.labelled = labelled;
        if (Points.STANDARDIZE) {
            standardize();
        }
    }

    private void standardize() throws Exception {
        double[] sums = of(Means.class, new double[0]);
        double count = sums[sums.length - 1];
        double[] means = Arrays.stream(sums, 0, sums.length - 1).map(sum -> sum / count).toArray();
        double[] deviations = Arrays.stream(of(Deviations.class, means))
                .map(squares -> squares == 0 ? 1 : Math.sqrt(squares / count))
                .toArray();
        set(vectors, MEANS, means);
        set(vectors, DEVIATIONS, deviations);
    }

    /** The input's lines without the header. */
    Stream<String> lines() throws IOException {
        FileSystem files = input.getFileSystem(new Configuration());
        BufferedReader reader = new BufferedReader(new InputStreamReader(files.open(input)));
        return reader.lines().skip(Points.HEADER ? 1 : 0);
    }

    /** The point as the tasks see it. */
    double[] scored(double[] point) {
        double[] means = vector(vectors, MEANS);
        double[] deviations = vector(vectors, DEVIATIONS);
        for (int i = labelled ? 1 : 0; deviations != null && i < point.length; i++) {
            point[i] = (point[i] - means[i]) / deviations[i];
        }
        return point;
    }

    /** Run a job: what {@code adder} adds up over all points, given the state. */
    double[] of(Class<? extends Adder> adder, double[] state) throws Exception {
        Path output = new Path(LocalJob.SCRATCH, "totals-" + jobs++);
        Job job = LocalJob.create(program, input, output);
        Configuration conf = job.getConfiguration();
        vectors.forEach(vector -> conf.set(vector.getKey(), vector.getValue()));
        conf.setBoolean(LABELLED, labelled);
        set(conf, STATE, state);
        job.setMapperClass(adder);
        job.setReducerClass(Sum.class);
        job.setNumReduceTasks(1);
        job.setOutputFormatClass(SequenceFileOutputFormat.class);
        job.setOutputKeyClass(IntWritable.class);
        job.setOutputValueClass(DoubleWritable.class);
        LocalJob.complete(job);
        return read(output);
    }

    private static double[] read(Path output) throws IOException {
        Configuration conf = new Configuration();
        FileSystem files = output.getFileSystem(conf);
        double[] sums = new double[0];
        IntWritable index = new IntWritable();
        DoubleWritable sum = new DoubleWritable();
        for (FileStatus part : files.globStatus(new Path(output, "part-*"))) {
            try (SequenceFile.Reader reader = new SequenceFile.Reader(conf, SequenceFile.Reader.file(part.getPath()))) {
                while (reader.next(index, sum)) {
                    sums = Arrays.copyOf(sums, Math.max(sums.length, index.get() + 1));
                    sums[index.get()] = sum.get();
                }
            }
        }
        files.delete(output, true);
        return sums;
    }

    private static void set(Configuration conf, String name, double[] vector) {
        conf.set(name, Arrays.stream(vector).mapToObj(Double::toString).collect(Collectors.joining(",")));
    }

    private static double[] vector(Configuration conf, String name) {
        String[] numbers = conf.getTrimmedStrings(name);
        return numbers.length == 0 ? null : Arrays.stream(numbers).mapToDouble(Double::parseDouble).toArray();
    }
}
