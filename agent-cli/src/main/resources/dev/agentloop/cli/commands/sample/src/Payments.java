/** Charges customers through the bank. */
class Payments {
    void charge(String customer, int cents) {
        System.out.println(customer + " pays " + cents);
    }
}
