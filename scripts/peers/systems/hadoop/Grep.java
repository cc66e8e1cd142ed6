import java.io.IOException;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.io.LongWritable;
import org.apache.hadoop.io.Text;
import org.apache.hadoop.mapreduce.Job;
import org.apache.hadoop.mapreduce.Reducer;
import org.apache.hadoop.mapreduce.lib.input.SequenceFileInputFormat;
import org.apache.hadoop.mapreduce.lib.map.InverseMapper;
import org.apache.hadoop.mapreduce.lib.map.RegexMapper;
import org.apache.hadoop.mapreduce.lib.output.SequenceFileOutputFormat;
import org.apache.hadoop.mapreduce.lib.reduce.LongSumReducer;

/** The Grep of Hadoop's examples: one job counts the matches, a second one sorts them by falling count. */
public final class Grep {
    /** Back to match and count; the example prints the count first. */
    public static final class MatchFirst extends Reducer<LongWritable, Text, Text, LongWritable> {
        @Override
        protected void reduce(LongWritable count, Iterable<Text> matches, Context context)
                throws IOException, InterruptedException {
            for (Text match : matches) {
                context.write(match, count);
            }
        }
    }

    private Grep() {}

    public static void main(String[] args) throws Exception {
        Path counts = new Path(LocalJob.SCRATCH, "counts");

        Job count = LocalJob.create(Grep.class, new Path(args[0]), counts);
        long started = System.nanoTime();
        count.getConfiguration().set(RegexMapper.PATTERN, System.getenv("PATTERN"));
        count.setMapperClass(RegexMapper.class);
        count.setCombinerClass(LongSumReducer.class);
        count.setReducerClass(LongSumReducer.class);
        count.setOutputFormatClass(SequenceFileOutputFormat.class);
        count.setOutputKeyClass(Text.class);
        count.setOutputValueClass(LongWritable.class);
        LocalJob.complete(count);

        Job sort = LocalJob.create(Grep.class, counts, new Path(args[1]));
        sort.setInputFormatClass(SequenceFileInputFormat.class);
        sort.setMapperClass(InverseMapper.class);
        sort.setMapOutputKeyClass(LongWritable.class);
        sort.setMapOutputValueClass(Text.class);
        sort.setSortComparatorClass(LongWritable.DecreasingComparator.class);
        sort.setReducerClass(MatchFirst.class);
        sort.setNumReduceTasks(1);
        sort.setOutputKeyClass(Text.class);
        sort.setOutputValueClass(LongWritable.class);
        LocalJob.complete(sort);

        LocalJob.report(started);
    }
}
