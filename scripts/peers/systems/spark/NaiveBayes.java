import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.regexp_extract;

import java.util.ArrayList;
import java.util.List;
import org.apache.spark.ml.Pipeline;
import org.apache.spark.ml.PipelineModel;
import org.apache.spark.ml.PipelineStage;
import org.apache.spark.ml.classification.NaiveBayesModel;
import org.apache.spark.ml.feature.CountVectorizer;
import org.apache.spark.ml.feature.CountVectorizerModel;
import org.apache.spark.ml.feature.RegexTokenizer;
import org.apache.spark.ml.feature.StringIndexer;
import org.apache.spark.ml.feature.StringIndexerModel;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/**
 * MLlib's pipeline of StringIndexer, RegexTokenizer, CountVectorizer and NaiveBayes. MLlib adds the smoothing to the
 * texts of a class as well, which is taken off again.
 */
public final class NaiveBayes {
    private NaiveBayes() {}

    public static void main(String[] args) {
        double alpha = Double.parseDouble(System.getenv("ALPHA"));
        Tables.runOnText(args[1], tables -> {
            Dataset<Row> texts = tables.lines(args[0])
                    .where(col("value").notEqual(""))
                    .select(
                            regexp_extract(col("value"), "^([^\t]*)\t", 1).as("class"),
                            regexp_extract(col("value"), "(?s)^[^\t]*\t(.*)$", 1).as("text"));
            PipelineModel fitted = new Pipeline()
                    .setStages(new PipelineStage[] {
                        new StringIndexer().setInputCol("class").setOutputCol("label"),
                        new RegexTokenizer()
                                .setInputCol("text")
                                .setOutputCol("words")
                                .setPattern("[ \t\r\f]+")
                                .setToLowercase(false),
                        new CountVectorizer()
                                .setInputCol("words")
                                .setOutputCol("features")
                                .setVocabSize(Integer.MAX_VALUE),
                        new org.apache.spark.ml.classification.NaiveBayes().setSmoothing(alpha)
                    })
                    .fit(texts);
            String[] classes = ((StringIndexerModel) fitted.stages()[0]).labelsArray()[0];
            String[] words = ((CountVectorizerModel) fitted.stages()[2]).vocabulary();
            return tables.text(lines((NaiveBayesModel) fitted.stages()[3], classes, words, texts.count(), alpha));
        });
    }

    private static List<String> lines(
            NaiveBayesModel model, String[] classes, String[] words, long texts, double alpha) {
        List<String> lines = new ArrayList<>();
        for (int place = 0; place < classes.length; place++) {
            double ofClass = Math.exp(model.pi().apply(place)) * (texts + alpha * classes.length) - alpha;
            lines.add(classes[place] + "\t\t" + Math.log(ofClass / texts));
            for (int word = 0; word < words.length; word++) {
                lines.add(classes[place] + "\t" + words[word] + "\t" + model.theta().apply(place, word));
            }
        }
        return lines;
    }
}
