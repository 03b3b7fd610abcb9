import java.io.InputStream;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import javax.xml.XMLConstants;
import javax.xml.parsers.SAXParserFactory;
import javax.xml.transform.sax.SAXSource;
import javax.xml.validation.Schema;
import javax.xml.validation.SchemaFactory;
import javax.xml.validation.Validator;
import org.xml.sax.Attributes;
import org.xml.sax.ErrorHandler;
import org.xml.sax.InputSource;
import org.xml.sax.SAXException;
import org.xml.sax.SAXParseException;
import org.xml.sax.helpers.AttributesImpl;
import org.xml.sax.helpers.XMLFilterImpl;

/** Holds each part of a workbook against the transitional schemas of ECMA-376, which poi-ooxml-full carries. A line a part: its name, its schema, what is wrong. */
final class Schemas {
    private static final String FOLDER = "/org/apache/poi/schemas/ooxml/src/";
    private static final Map<String, String> BY_NAMESPACE = Map.of(
            "http://schemas.openxmlformats.org/spreadsheetml/2006/main", "sml.xsd",
            "http://schemas.openxmlformats.org/drawingml/2006/main", "dml-main.xsd",
            "http://schemas.openxmlformats.org/officeDocument/2006/extended-properties", "shared-documentPropertiesExtended.xsd",
            "http://schemas.openxmlformats.org/package/2006/relationships", "opc-relationships.xsd");

    public static void main(String[] arguments) throws Exception {
        SchemaFactory factory = SchemaFactory.newInstance(XMLConstants.W3C_XML_SCHEMA_NS_URI);
        factory.setProperty(XMLConstants.ACCESS_EXTERNAL_SCHEMA, "jar:file,file");
        Map<String, Schema> schemas = new HashMap<>();
        try (ZipFile file = new ZipFile(arguments[0])) {
            for (ZipEntry part : (Iterable<ZipEntry>) file.stream().map(entry -> (ZipEntry) entry)::iterator) {
                String name = BY_NAMESPACE.getOrDefault(namespace(file, part), "none");
                List<String> wrong = new ArrayList<>();
                if (!name.equals("none")) {
                    if (!schemas.containsKey(name)) {
                        schemas.put(name, factory.newSchema(Schemas.class.getResource(FOLDER + name)));
                    }
                    validate(file, part, schemas.get(name), wrong);
                }
                System.out.println(part.getName() + "\t" + name + "\t" + String.join(" | ", wrong));
            }
        }
    }

    private static String namespace(ZipFile file, ZipEntry part) throws Exception {
        String[] found = new String[1];
        XMLFilterImpl first = filter();
        first.setContentHandler(new XMLFilterImpl() {
            @Override
            public void startElement(String namespace, String name, String qualified, Attributes attributes) {
                found[0] = found[0] == null ? namespace : found[0];
            }
        });
        try (InputStream xml = file.getInputStream(part)) {
            first.parse(new InputSource(xml));
        }
        return found[0];
    }

    private static void validate(ZipFile file, ZipEntry part, Schema schema, List<String> wrong) throws Exception {
        Validator validator = schema.newValidator();
        validator.setErrorHandler(new ErrorHandler() {
            @Override
            public void warning(SAXParseException found) {
                error(found);
            }

            @Override
            public void error(SAXParseException found) {
                wrong.add(found.getMessage());
            }

            @Override
            public void fatalError(SAXParseException found) {
                error(found);
            }
        });
        try (InputStream xml = file.getInputStream(part)) {
            validator.validate(new SAXSource(filter(), new InputSource(xml)));
        }
    }

    /** Reads XML without xml:space, which Excel itself writes on a text though its type in the schema has no attributes. */
    private static XMLFilterImpl filter() throws Exception {
        SAXParserFactory factory = SAXParserFactory.newInstance();
        factory.setNamespaceAware(true);
        return new XMLFilterImpl(factory.newSAXParser().getXMLReader()) {
            @Override
            public void startElement(String namespace, String name, String qualified, Attributes attributes) throws SAXException {
                AttributesImpl kept = new AttributesImpl(attributes);
                int space = kept.getIndex("xml:space");
                if (space >= 0) {
                    kept.removeAttribute(space);
                }
                super.startElement(namespace, name, qualified, kept);
            }
        };
    }
}
