import java.util.List;

/** Turns a basket into an order. */
class Checkout {
    private final Inventory inventory = new Inventory();
    private final Payments payments = new Payments();
    private final OrderBook orders = new OrderBook();
    private final Mailer mailer = new Mailer();

    void buy(String customer, List<String> articles) {
        inventory.reserve(articles);
        payments.charge(customer, articles.size() * 100);
        orders.write(customer, articles);
        mailer.confirm(customer);
    }

    public static void main(String[] arguments) {
        new Checkout().buy("ada@example.org", List.of("bolts", "nuts"));
    }
}
