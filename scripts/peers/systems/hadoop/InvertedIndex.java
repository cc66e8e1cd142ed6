import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.io.LongWritable;
import org.apache.hadoop.io.Text;
import org.apache.hadoop.mapreduce.Job;
import org.apache.hadoop.mapreduce.Mapper;
import org.apache.hadoop.mapreduce.Reducer;
import org.apache.hadoop.mapreduce.lib.input.FileSplit;

/**
 * A term's documents with its counts in them; a map task adds up within a document, as it is no larger than a split.
 */
public final class InvertedIndex {
    public static final class Count extends Mapper<LongWritable, Text, Text, Text> {
        private final Map<String, Integer> counts = new HashMap<>();

        @Override
        protected void map(LongWritable offset, Text line, Context context) {
            Terms.each(line.toString(), term -> counts.merge(term, 1, Integer::sum));
        }

        @Override
        protected void cleanup(Context context) throws IOException, InterruptedException {
            String document = ((FileSplit) context.getInputSplit()).getPath().getName().replaceFirst("[.][^.]*$", "");
            for (Map.Entry<String, Integer> entry : counts.entrySet()) {
                context.write(new Text(entry.getKey()), new Text(document + ":" + entry.getValue()));
            }
        }
    }

    public static final class List extends Reducer<Text, Text, Text, Text> {
        @Override
        protected void reduce(Text term, Iterable<Text> places, Context context)
                throws IOException, InterruptedException {
            TreeMap<String, Integer> counts = new TreeMap<>();
            for (Text place : places) {
                String text = place.toString();
                int colon = text.lastIndexOf(':');
                counts.merge(text.substring(0, colon), Integer.parseInt(text.substring(colon + 1)), Integer::sum);
            }
            StringBuilder list = new StringBuilder();
            counts.forEach((document, count) ->
                    list.append(list.isEmpty() ? "" : ",").append(document).append(':').append(count));
            context.write(term, new Text(counts.size() + "\t" + list));
        }
    }

    private InvertedIndex() {}

    public static void main(String[] args) throws Exception {
        Job job = LocalJob.create(InvertedIndex.class, new Path(args[0]), new Path(args[1]));
        long started = System.nanoTime();
        job.setMapperClass(Count.class);
        job.setReducerClass(List.class);
        job.setOutputKeyClass(Text.class);
        job.setOutputValueClass(Text.class);
        LocalJob.complete(job);
        LocalJob.report(started);
    }
}
