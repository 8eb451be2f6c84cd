import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** What is in stock. */
class Inventory {
    private final Map<String, Integer> stock = new HashMap<>(Map.of("bolts", 120, "nuts", 80));

    void reserve(List<String> articles) {
        for (String article : articles) {
            stock.computeIfPresent(article, (name, count) -> count - 1);
        }
    }
}
