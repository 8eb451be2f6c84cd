import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.xml.stream.XMLInputFactory;
import javax.xml.stream.XMLStreamConstants;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamReader;

/**
 * Says which tests of a module were skipped, and why: Surefire counts them and keeps the reasons in its reports. The build
 * runs this file as it is, after the tests of each module.
 */
final class SkippedTests {
    /** Surefire reports no test where an assumption did not hold in a method that makes tests. */
    private static final String SILENT = "none of its tests ran, and its report does not say why: a @TestFactory that assumes?";

    private static final int LONGEST_REASON = 240;

    private SkippedTests() {}

    /**
     * Prints nothing where all tests ran.
     *
     * @param arguments the module, the folder of its reports, and when the build began: older reports are of another one
     */
    public static void main(String... arguments) throws IOException, XMLStreamException {
        Path folder = Path.of(arguments[1]);
        Instant begun = Instant.parse(arguments[2]);
        if (!Files.isDirectory(folder)) {
            return;
        }
        Map<String, List<String>> byReason = new TreeMap<>();
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.sorted().toList()) {
                boolean report = file.getFileName().toString().matches("TEST-.*[.]xml");
                if (report && !Files.getLastModifiedTime(file).toInstant().isBefore(begun)) {
                    read(file, byReason);
                }
            }
        }
        if (!byReason.isEmpty()) {
            System.out.println(text(arguments[0], byReason));
        }
    }

    private static String text(String module, Map<String, List<String>> byReason) {
        int all = byReason.values().stream().mapToInt(List::size).sum();
        StringBuilder text = new StringBuilder("[WARNING] Skipped in " + module + ": " + all);
        byReason.forEach((reason, tests) -> text.append("\n[WARNING]   ")
                .append(names(tests))
                .append("\n[WARNING]     ")
                .append(reason));
        return text.toString();
    }

    /** A test by its whole name, more than one of a class by their number. */
    private static String names(List<String> tests) {
        Map<String, List<String>> byClass = tests.stream()
                .collect(Collectors.groupingBy(test -> test.split(" ")[0], TreeMap::new, Collectors.toList()));
        return byClass.entrySet().stream()
                .map(one -> one.getValue().size() == 1
                        ? one.getValue().get(0)
                        : one.getKey() + " (" + one.getValue().size() + ")")
                .collect(Collectors.joining(", "));
    }

    private static void read(Path report, Map<String, List<String>> byReason) throws IOException, XMLStreamException {
        XMLInputFactory factory = XMLInputFactory.newDefaultFactory();
        factory.setProperty(XMLInputFactory.SUPPORT_DTD, false);
        try (InputStream in = Files.newInputStream(report)) {
            XMLStreamReader reader = factory.createXMLStreamReader(in);
            String test = "";
            boolean any = false;
            String set = "";
            while (reader.hasNext()) {
                if (reader.next() != XMLStreamConstants.START_ELEMENT) {
                    continue;
                }
                if (reader.getLocalName().equals("testsuite")) {
                    set = simple(reader.getAttributeValue(null, "name"));
                } else if (reader.getLocalName().equals("testcase")) {
                    any = true;
                    String name = reader.getAttributeValue(null, "name");
                    test = simple(reader.getAttributeValue(null, "classname")) + (name.isEmpty() ? "" : " " + name);
                } else if (reader.getLocalName().equals("skipped")) {
                    String message = reader.getAttributeValue(null, "message");
                    String reason = reason(message == null ? reader.getElementText() : message);
                    byReason.computeIfAbsent(reason, r -> new ArrayList<>()).add(test);
                }
            }
            if (!any) {
                byReason.computeIfAbsent(SILENT, r -> new ArrayList<>()).add(set);
            }
        }
    }

    private static String simple(String type) {
        return type.substring(type.lastIndexOf('.') + 1);
    }

    /** The words of an assumption that did not hold, without its class and where it stands. */
    private static String reason(String text) {
        String words = text.lines()
                .takeWhile(line -> !line.startsWith("\tat "))
                .collect(Collectors.joining(" "))
                .replaceFirst("^\\S*TestAbortedException:", "")
                .replaceFirst("^System property .* ==> ", "")
                .replaceFirst("^ *(Assumption failed|skipped):", "")
                .replaceAll("\\s+", " ")
                .strip();
        return words.length() > LONGEST_REASON ? words.substring(0, LONGEST_REASON) + "..." : words;
    }
}
