import java.io.IOException;
import java.util.List;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.io.LongWritable;
import org.apache.hadoop.io.NullWritable;
import org.apache.hadoop.io.Text;
import org.apache.hadoop.mapreduce.Job;
import org.apache.hadoop.mapreduce.Mapper;
import org.apache.hadoop.mapreduce.Partitioner;
import org.apache.hadoop.mapreduce.Reducer;

/**
 * The value that orders is a part of the key, and partitions are made of the rest: the key is
 * `key TAB value NUL place`, so that rows of equal values keep the order of the input.
 */
public final class SecondarySort {
    public static final class Keys extends Mapper<LongWritable, Text, Text, Text> {
        @Override
        protected void map(LongWritable offset, Text row, Context context) throws IOException, InterruptedException {
            List<String> cells = Cells.of(row.toString());
            String place = String.format("%016x", offset.get());
            String value = cells.get(1).isEmpty() ? "\uffff" : cells.get(1);
            context.write(new Text(cells.get(0) + "\t" + value + "\0" + place), new Text(String.join("\t", cells)));
        }
    }

    public static final class ByFirst extends Partitioner<Text, Text> {
        @Override
        public int getPartition(Text key, Text row, int partitions) {
            String text = key.toString();
            return (text.substring(0, text.indexOf('\t')).hashCode() & Integer.MAX_VALUE) % partitions;
        }
    }

    public static final class Rows extends Reducer<Text, Text, Text, NullWritable> {
        @Override
        protected void reduce(Text key, Iterable<Text> rows, Context context) throws IOException, InterruptedException {
            for (Text row : rows) {
                context.write(row, NullWritable.get());
            }
        }
    }

    private SecondarySort() {}

    public static void main(String[] args) throws Exception {
        Job job = LocalJob.create(SecondarySort.class, new Path(args[0]), new Path(args[1]));
        long started = System.nanoTime();
        job.setMapperClass(Keys.class);
        job.setPartitionerClass(ByFirst.class);
        job.setReducerClass(Rows.class);
        job.setMapOutputKeyClass(Text.class);
        job.setMapOutputValueClass(Text.class);
        job.setOutputKeyClass(Text.class);
        job.setOutputValueClass(NullWritable.class);
        LocalJob.complete(job);
        LocalJob.report(started);
    }
}
