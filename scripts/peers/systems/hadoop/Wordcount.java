import java.io.IOException;
import java.util.StringTokenizer;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.io.IntWritable;
import org.apache.hadoop.io.LongWritable;
import org.apache.hadoop.io.Text;
import org.apache.hadoop.mapreduce.Job;
import org.apache.hadoop.mapreduce.Mapper;
import org.apache.hadoop.mapreduce.lib.reduce.IntSumReducer;

/** The WordCount of Hadoop's examples: StringTokenizer, reused writables, the reducer as combiner. */
public final class Wordcount {
    public static final class TokenizerMapper extends Mapper<LongWritable, Text, Text, IntWritable> {
        private static final IntWritable ONE = new IntWritable(1);
        private final Text word = new Text();

        @Override
        protected void map(LongWritable offset, Text line, Context context) throws IOException, InterruptedException {
            StringTokenizer words = new StringTokenizer(line.toString());
            while (words.hasMoreTokens()) {
                word.set(words.nextToken());
                context.write(word, ONE);
            }
        }
    }

    private Wordcount() {}

    public static void main(String[] args) throws Exception {
        run(args, true);
    }

    static void run(String[] args, boolean combine) throws Exception {
        Job job = LocalJob.create(Wordcount.class, new Path(args[0]), new Path(args[1]));
        long started = System.nanoTime();
        job.setMapperClass(TokenizerMapper.class);
        if (combine) {
            job.setCombinerClass(IntSumReducer.class);
        }
        job.setReducerClass(IntSumReducer.class);
        job.setOutputKeyClass(Text.class);
        job.setOutputValueClass(IntWritable.class);
        LocalJob.complete(job);
        LocalJob.report(started);
    }
}
