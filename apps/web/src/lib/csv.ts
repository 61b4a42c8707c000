/** A column: its name, and what it says of one row. */
export type CsvColumn<Row> = readonly [name: string, cell: (row: Row) => string | number | null];

/** A spreadsheet must take a name for a text, never for a formula, also where it takes `;` for the end of a cell: hence the quotes. */
function csvCell(value: string | number | null): string {
  if (value === null) return '';
  if (typeof value === 'number') return String(value);
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return `"${text.replaceAll('"', '""')}"`;
}

/** Comma-separated values with a header line, RFC 4180. */
export function csvOf<Row>(columns: readonly CsvColumn<Row>[], rows: readonly Row[]): string {
  const lines = rows.map((row) => columns.map(([, cell]) => csvCell(cell(row))).join(','));
  return [columns.map(([name]) => name).join(','), ...lines, ''].join('\r\n');
}
