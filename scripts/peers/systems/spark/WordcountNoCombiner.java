/** Word count with groupByKey, which sends every word through the shuffle. */
public final class WordcountNoCombiner {
    private WordcountNoCombiner() {}

    public static void main(String[] args) {
        Session.run(args, lines -> Words.ones(lines).groupByKey().map(group -> {
            int sum = 0;
            for (int one : group._2) {
                sum += one;
            }
            return group._1 + "\t" + sum;
        }));
    }
}
