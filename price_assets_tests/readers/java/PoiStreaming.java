import java.io.File;
import java.io.InputStream;
import org.apache.poi.openxml4j.opc.OPCPackage;
import org.apache.poi.openxml4j.opc.PackageAccess;
import org.apache.poi.ss.usermodel.DataFormatter;
import org.apache.poi.ss.usermodel.DateUtil;
import org.apache.poi.util.XMLHelper;
import org.apache.poi.xssf.eventusermodel.ReadOnlySharedStringsTable;
import org.apache.poi.xssf.eventusermodel.XSSFReader;
import org.apache.poi.xssf.eventusermodel.XSSFSheetXMLHandler;
import org.apache.poi.xssf.usermodel.XSSFComment;
import org.xml.sax.InputSource;
import org.xml.sax.XMLReader;

/** Apache POI's streaming reader, which big files are read with. Its handler is given texts, so numbers and moments are told by a formatter of ours. */
final class PoiStreaming {
    public static void main(String[] arguments) throws Exception {
        Cells cells = new Cells();
        try (OPCPackage file = OPCPackage.open(new File(arguments[0]), PackageAccess.READ)) {
            XSSFReader reader = new XSSFReader(file);
            ReadOnlySharedStringsTable strings = new ReadOnlySharedStringsTable(file);
            XSSFReader.SheetIterator sheets = (XSSFReader.SheetIterator) reader.getSheetsData();
            while (sheets.hasNext()) {
                try (InputStream sheet = sheets.next()) {
                    cells.sheet(sheets.getSheetName());
                    Numbers numbers = new Numbers();
                    XMLReader xml = XMLHelper.newXMLReader();
                    Contents contents = new Contents(cells, sheets.getSheetName(), numbers);
                    xml.setContentHandler(new XSSFSheetXMLHandler(reader.getStylesTable(), strings, contents, numbers, false));
                    xml.parse(new InputSource(sheet));
                }
            }
        }
        System.out.println(cells.json());
    }

    /** Keeps what the number in the cell is, before it becomes text. */
    private static final class Numbers extends DataFormatter {
        private Object last;

        @Override
        public String formatRawCellContents(double value, int formatIndex, String format, boolean use1904) {
            last = DateUtil.isADateFormat(formatIndex, format) ? DateUtil.getLocalDateTime(value, use1904) : (Object) value;
            return super.formatRawCellContents(value, formatIndex, format, use1904);
        }

        Object taken() {
            Object taken = last;
            last = null;
            return taken;
        }
    }

    private record Contents(Cells cells, String sheet, Numbers numbers) implements XSSFSheetXMLHandler.SheetContentsHandler {
        @Override
        public void startRow(int row) {}

        @Override
        public void endRow(int row) {}

        @Override
        public void cell(String address, String text, XSSFComment comment) {
            Object number = numbers.taken();
            cells.put(sheet, address, number == null ? text : number);
        }
    }
}
