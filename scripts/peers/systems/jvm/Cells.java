import java.util.ArrayList;
import java.util.List;

/** The cells of a row, of which some are quoted as RFC 4180 has it. Rows with line ends in them are declined. */
final class Cells {
    private Cells() {}

    static List<String> of(String row) {
        char separator = row.indexOf('\t') >= 0 ? '\t' : ',';
        List<String> cells = new ArrayList<>();
        int place = 0;
        while (place <= row.length()) {
            if (place < row.length() && row.charAt(place) == '"') {
                StringBuilder cell = new StringBuilder();
                for (place++; place < row.length(); place++) {
                    boolean isQuote = row.charAt(place) == '"';
                    if (isQuote && (place + 1 == row.length() || row.charAt(place + 1) != '"')) {
                        break;
                    }
                    place += isQuote ? 1 : 0;
                    cell.append(row.charAt(place));
                }
                cells.add(cell.toString());
                place += 2;
            } else {
                int end = row.indexOf(separator, place);
                end = end < 0 ? row.length() : end;
                cells.add(row.substring(place, end));
                place = end + 1;
            }
        }
        return cells;
    }
}
