/** Sends mails, and gives up quietly. */
class Mailer {
    void confirm(String customer) {
        System.out.println("mail to " + customer);
    }
}
