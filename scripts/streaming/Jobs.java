import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.mapred.Counters;
import org.apache.hadoop.streaming.StreamJob;
import org.apache.hadoop.util.ToolRunner;

/** Runs streaming jobs in one virtual machine: a job a line, its words in Base64; says the exit status and the counters. */
public class Jobs extends StreamJob {
  static final String GROUP = "org.apache.hadoop.mapreduce.TaskCounter";
  static final String[] NAMES = {"MAP_INPUT_RECORDS", "MAP_OUTPUT_RECORDS", "REDUCE_INPUT_GROUPS", "REDUCE_INPUT_RECORDS",
      "REDUCE_OUTPUT_RECORDS"};

  public static void main(String[] none) throws Exception {
    PrintStream out = System.out;
    System.setOut(System.err);
    BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
    for (String line; (line = lines.readLine()) != null; ) {
      String[] words = line.split(" ");
      for (int i = 0; i < words.length; i++) {
        words[i] = new String(Base64.getDecoder().decode(words[i]), StandardCharsets.UTF_8);
      }
      Configuration conf = new Configuration();
      conf.setInt("mapreduce.client.completion.pollinterval", 10);
      conf.setInt("mapreduce.client.progressmonitor.pollinterval", 10);
      // Block sizes differ between jobs.
      conf.setBoolean("fs.file.impl.disable.cache", true);
      Jobs job = new Jobs();
      StringBuilder said = new StringBuilder("answer: ");
      try {
        said.append(ToolRunner.run(conf, job, words));
      } catch (Exception error) {
        said.append(1);
      }
      Counters counters = job.running_ == null ? null : job.running_.getCounters();
      for (String name : NAMES) {
        said.append(' ').append(counters == null ? -1 : counters.findCounter(GROUP, name).getCounter());
      }
      out.println(said);
      out.flush();
    }
  }
}
