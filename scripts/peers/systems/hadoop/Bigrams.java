import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.io.IntWritable;
import org.apache.hadoop.io.LongWritable;
import org.apache.hadoop.io.Text;
import org.apache.hadoop.mapreduce.Job;
import org.apache.hadoop.mapreduce.Mapper;
import org.apache.hadoop.mapreduce.lib.reduce.IntSumReducer;

/** Pairs, as Lin and Dyer have them: a key for each two neighbours, the reducer as combiner. */
public final class Bigrams {
    public static final class Pairs extends Mapper<LongWritable, Text, Text, IntWritable> {
        private static final IntWritable ONE = new IntWritable(1);
        private final Text pair = new Text();
        private final List<String> words = new ArrayList<>();

        @Override
        protected void map(LongWritable offset, Text line, Context context) throws IOException, InterruptedException {
            words.clear();
            Terms.each(line.toString(), words::add);
            for (int place = 1; place < words.size(); place++) {
                pair.set(words.get(place - 1) + " " + words.get(place));
                context.write(pair, ONE);
            }
        }
    }

    private Bigrams() {}

    public static void main(String[] args) throws Exception {
        Job job = LocalJob.create(Bigrams.class, new Path(args[0]), new Path(args[1]));
        long started = System.nanoTime();
        job.setMapperClass(Pairs.class);
        job.setCombinerClass(IntSumReducer.class);
        job.setReducerClass(IntSumReducer.class);
        job.setOutputKeyClass(Text.class);
        job.setOutputValueClass(IntWritable.class);
        LocalJob.complete(job);
        LocalJob.report(started);
    }
}
