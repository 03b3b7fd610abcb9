import java.io.File;
import org.apache.poi.ss.usermodel.Cell;
import org.apache.poi.ss.usermodel.CellType;
import org.apache.poi.ss.usermodel.DateUtil;
import org.apache.poi.ss.usermodel.Row;
import org.apache.poi.ss.usermodel.Sheet;
import org.apache.poi.xssf.usermodel.XSSFWorkbook;

/** Apache POI as most programs use it: the whole workbook in memory. */
final class PoiUserModel {
    public static void main(String[] arguments) throws Exception {
        Cells cells = new Cells();
        try (XSSFWorkbook workbook = new XSSFWorkbook(new File(arguments[0]))) {
            for (Sheet sheet : workbook) {
                cells.sheet(sheet.getSheetName());
                for (Row row : sheet) {
                    for (Cell cell : row) {
                        if (cell.getCellType() != CellType.BLANK) {
                            cells.put(sheet.getSheetName(), cell.getAddress().formatAsString(), value(cell));
                        }
                    }
                }
            }
        }
        System.out.println(cells.json());
    }

    private static Object value(Cell cell) {
        return switch (cell.getCellType()) {
            case STRING -> cell.getStringCellValue();
            case BOOLEAN -> cell.getBooleanCellValue();
            case NUMERIC -> DateUtil.isCellDateFormatted(cell) ? cell.getLocalDateTimeCellValue() : (Object) cell.getNumericCellValue();
            default -> throw new IllegalStateException(cell.getAddress() + " is a " + cell.getCellType());
        };
    }
}
