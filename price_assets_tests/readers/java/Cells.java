import java.time.LocalDateTime;
import java.util.LinkedHashMap;
import java.util.Map;

/** What a reader found: sheet → address → a text, a number, a boolean, or a moment, in the order of the file. */
final class Cells {
    private final Map<String, Map<String, Object>> sheets = new LinkedHashMap<>();

    void sheet(String name) {
        sheets.put(name, new LinkedHashMap<>());
    }

    void put(String sheet, String address, Object value) {
        sheets.get(sheet).put(address, value);
    }

    String json() {
        return json(sheets);
    }

    private static String json(Object value) {
        if (value instanceof Map<?, ?> map) {
            StringBuilder text = new StringBuilder("{");
            map.forEach((key, item) -> text.append(text.length() > 1 ? "," : "").append(quoted(key.toString())).append(":").append(json(item)));
            return text.append("}").toString();
        }
        if (value instanceof LocalDateTime moment) {
            return json(Map.of("moment", moment.toString()));
        }
        return value instanceof String text ? quoted(text) : value.toString();
    }

    private static String quoted(String text) {
        StringBuilder quoted = new StringBuilder("\"");
        for (char unit : text.toCharArray()) {
            boolean plain = unit >= ' ' && unit < 0x7f && unit != '"' && unit != '\\';
            quoted.append(plain ? String.valueOf(unit) : String.format("\\u%04x", (int) unit));
        }
        return quoted.append("\"").toString();
    }
}
