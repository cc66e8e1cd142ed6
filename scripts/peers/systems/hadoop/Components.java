import java.io.IOException;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.io.Text;
import org.apache.hadoop.mapreduce.Job;
import org.apache.hadoop.mapreduce.Mapper;
import org.apache.hadoop.mapreduce.Reducer;
import org.apache.hadoop.mapreduce.lib.input.SequenceFileInputFormat;
import org.apache.hadoop.mapreduce.lib.output.SequenceFileOutputFormat;

/**
 * Connected components as a chain: a job that gathers every node's neighbours, a job a round of telling them smaller
 * labels, until none changes, and a last one that writes the labels as text.
 */
public final class Components {
    enum Count { CHANGED }

    public static final class Gather extends Reducer<Text, Text, Text, Labelled> {
        private final Labelled node = new Labelled();

        @Override
        protected void reduce(Text id, Iterable<Text> neighbours, Context context)
                throws IOException, InterruptedException {
            Neighbours.join(neighbours, node.neighbours);
            node.label.set(id);
            node.isNode = true;
            node.changed = true;
            context.write(id, node);
        }
    }

    public static final class Tell extends Mapper<Text, Labelled, Text, Labelled> {
        private final Text neighbour = new Text();
        private final Labelled told = new Labelled();

        @Override
        protected void map(Text id, Labelled node, Context context) throws IOException, InterruptedException {
            if (node.changed) {
                told.label.set(node.label);
                Neighbours.split(node.neighbours, neighbour, to -> context.write(to, told));
            }
            context.write(id, node);
        }
    }

    /** The smallest of the labels told; nodes pass. */
    public static final class Combine extends Reducer<Text, Labelled, Text, Labelled> {
        private final Labelled smallest = new Labelled();

        @Override
        protected void reduce(Text id, Iterable<Labelled> values, Context context)
                throws IOException, InterruptedException {
            boolean any = false;
            for (Labelled value : values) {
                if (value.isNode) {
                    context.write(id, value);
                } else if (!any || value.label.compareTo(smallest.label) < 0) {
                    smallest.label.set(value.label);
                    any = true;
                }
            }
            if (any) {
                context.write(id, smallest);
            }
        }
    }

    public static final class Relabel extends Reducer<Text, Labelled, Text, Labelled> {
        private final Labelled node = new Labelled();
        private final Text own = new Text();

        @Override
        protected void reduce(Text id, Iterable<Labelled> values, Context context)
                throws IOException, InterruptedException {
            boolean first = true;
            for (Labelled value : values) {
                if (value.isNode) {
                    own.set(value.label);
                    node.neighbours.set(value.neighbours);
                }
                if (first || value.label.compareTo(node.label) < 0) {
                    node.label.set(value.label);
                    first = false;
                }
            }
            node.isNode = true;
            node.changed = !node.label.equals(own);
            if (node.changed) {
                context.getCounter(Count.CHANGED).increment(1);
            }
            context.write(id, node);
        }
    }

    public static final class Labels extends Mapper<Text, Labelled, Text, Text> {
        @Override
        protected void map(Text id, Labelled node, Context context) throws IOException, InterruptedException {
            context.write(id, node.label);
        }
    }

    private Components() {}

    public static void main(String[] args) throws Exception {
        Chain chain = new Chain();
        Job gather = LocalJob.create(Components.class, new Path(args[0]), chain.next());
        long started = System.nanoTime();
        gather.setMapperClass(Neighbours.BothWays.class);
        gather.setReducerClass(Gather.class);
        gather.setMapOutputValueClass(Text.class);
        gather.setOutputFormatClass(SequenceFileOutputFormat.class);
        gather.setOutputKeyClass(Text.class);
        gather.setOutputValueClass(Labelled.class);
        LocalJob.complete(gather);

        for (long changed = 1; changed > 0; ) {
            long iterationStarted = System.nanoTime();
            Job job = LocalJob.create(Components.class, chain.current(), chain.next());
            job.setInputFormatClass(SequenceFileInputFormat.class);
            job.setMapperClass(Tell.class);
            job.setCombinerClass(Combine.class);
            job.setReducerClass(Relabel.class);
            job.setOutputFormatClass(SequenceFileOutputFormat.class);
            job.setOutputKeyClass(Text.class);
            job.setOutputValueClass(Labelled.class);
            LocalJob.complete(job);
            changed = job.getCounters().findCounter(Count.CHANGED).getValue();
            Iteration.report(iterationStarted);
        }

        Job write = LocalJob.create(Components.class, chain.current(), new Path(args[1]));
        write.setInputFormatClass(SequenceFileInputFormat.class);
        write.setMapperClass(Labels.class);
        write.setNumReduceTasks(0);
        write.setOutputKeyClass(Text.class);
        write.setOutputValueClass(Text.class);
        LocalJob.complete(write);
        LocalJob.report(started);
    }
}
