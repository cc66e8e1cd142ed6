import java.io.IOException;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.io.DoubleWritable;
import org.apache.hadoop.io.Text;
import org.apache.hadoop.mapreduce.Counter;
import org.apache.hadoop.mapreduce.Job;
import org.apache.hadoop.mapreduce.Mapper;
import org.apache.hadoop.mapreduce.Reducer;
import org.apache.hadoop.mapreduce.lib.input.SequenceFileInputFormat;
import org.apache.hadoop.mapreduce.lib.output.SequenceFileOutputFormat;

/**
 * PageRank as a chain: a job that gathers every node's neighbours, then a job an iteration, where the nodes themselves
 * travel through the shuffle beside the shares of rank they give. SequenceFiles between the jobs, text at the end.
 */
public final class Pagerank {
    private static final double DAMPING = Double.parseDouble(System.getenv("DAMPING"));
    private static final int ITERATIONS = Integer.parseInt(System.getenv("ITERATIONS"));
    /** Counters are whole numbers: ranks are counted in units of 2 to the -62. */
    private static final double UNITS = 0x1p62;

    enum Count { NODES, DANGLING_NODES, DANGLING_RANK }

    public static final class Gather extends Reducer<Text, Text, Text, Node> {
        private final Node node = new Node();

        @Override
        protected void reduce(Text id, Iterable<Text> neighbours, Context context)
                throws IOException, InterruptedException {
            Neighbours.join(neighbours, node.neighbours);
            node.rank = Double.NaN; // 1/N, and N is not known yet
            context.getCounter(Count.NODES).increment(1);
            if (node.neighbours.getLength() == 0) {
                context.getCounter(Count.DANGLING_NODES).increment(1);
            }
            context.write(id, node);
        }
    }

    public static final class Give extends Mapper<Text, Node, Text, Node> {
        private final Text neighbour = new Text();
        private final Node share = new Node();
        private double start;

        @Override
        protected void setup(Context context) {
            start = 1 / context.getConfiguration().getDouble("nodes", 0);
        }

        @Override
        protected void map(Text id, Node node, Context context) throws IOException, InterruptedException {
            if (Double.isNaN(node.rank)) {
                node.rank = start;
            }
            share.share(node.rank / Neighbours.count(node.neighbours));
            Neighbours.split(node.neighbours, neighbour, to -> context.write(to, share));
            context.write(id, node);
        }
    }

    /** One share in place of many; nodes pass. */
    public static final class Combine extends Reducer<Text, Node, Text, Node> {
        private final Node sum = new Node();

        @Override
        protected void reduce(Text id, Iterable<Node> values, Context context)
                throws IOException, InterruptedException {
            double received = 0;
            boolean any = false;
            for (Node value : values) {
                if (value.isShare) {
                    received += value.rank;
                    any = true;
                } else {
                    context.write(id, value);
                }
            }
            if (any) {
                context.write(id, sum.share(received));
            }
        }
    }

    /** The node with its new rank, or, in the last job, the rank alone. */
    public static final class Receive extends Reducer<Text, Node, Text, Object> {
        private final Node node = new Node();
        private final DoubleWritable rank = new DoubleWritable();
        private double everyone;
        private boolean last;
        private Counter danglingRank;

        @Override
        protected void setup(Context context) {
            Configuration conf = context.getConfiguration();
            everyone = conf.getDouble("everyone", 0);
            last = conf.getBoolean("last", false);
            danglingRank = context.getCounter(Count.DANGLING_RANK);
        }

        @Override
        protected void reduce(Text id, Iterable<Node> values, Context context)
                throws IOException, InterruptedException {
            double received = 0;
            for (Node value : values) {
                if (value.isShare) {
                    received += value.rank;
                } else {
                    node.neighbours.set(value.neighbours);
                }
            }
            node.rank = everyone + DAMPING * received;
            if (node.neighbours.getLength() == 0) {
                danglingRank.increment((long) (node.rank * UNITS));
            }
            if (last) {
                rank.set(node.rank);
                context.write(id, rank);
            } else {
                context.write(id, node);
            }
        }
    }

    private Pagerank() {}

    public static void main(String[] args) throws Exception {
        Chain chain = new Chain();
        Job gather = LocalJob.create(Pagerank.class, new Path(args[0]), chain.next());
        long started = System.nanoTime();
        gather.setMapperClass(Neighbours.Directed.class);
        gather.setReducerClass(Gather.class);
        gather.setMapOutputValueClass(Text.class);
        gather.setOutputFormatClass(SequenceFileOutputFormat.class);
        gather.setOutputKeyClass(Text.class);
        gather.setOutputValueClass(Node.class);
        LocalJob.complete(gather);

        double nodes = gather.getCounters().findCounter(Count.NODES).getValue();
        double dangling = gather.getCounters().findCounter(Count.DANGLING_NODES).getValue() / nodes;
        for (int i = 1; i <= ITERATIONS; i++) {
            long iterationStarted = System.nanoTime();
            boolean last = i == ITERATIONS;
            Job job = LocalJob.create(Pagerank.class, chain.current(), last ? new Path(args[1]) : chain.next());
            job.getConfiguration().setDouble("nodes", nodes);
            job.getConfiguration().setDouble("everyone", (1 - DAMPING) / nodes + DAMPING * dangling / nodes);
            job.getConfiguration().setBoolean("last", last);
            job.setInputFormatClass(SequenceFileInputFormat.class);
            job.setMapperClass(Give.class);
            job.setCombinerClass(Combine.class);
            job.setReducerClass(Receive.class);
            job.setMapOutputValueClass(Node.class);
            if (!last) {
                job.setOutputFormatClass(SequenceFileOutputFormat.class);
            }
            job.setOutputKeyClass(Text.class);
            job.setOutputValueClass(last ? DoubleWritable.class : Node.class);
            LocalJob.complete(job);
            dangling = job.getCounters().findCounter(Count.DANGLING_RANK).getValue() / UNITS;
            Iteration.report(iterationStarted);
        }
        LocalJob.report(started);
    }
}
