import java.util.ArrayList;
import java.util.List;

/** The orders, oldest first. */
class OrderBook {
    private final List<String> orders = new ArrayList<>();

    void write(String customer, List<String> articles) {
        orders.add(customer + " " + articles);
    }
}
