/** Some browsers fetch it only after the click, or after they have asked where to put it. */
const FETCHED_BY_MS = 60_000;

/** Hands a text to the browser as a file. */
export function download(name: string, type: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), FETCHED_BY_MS);
}

export const TABLE_FORMATS = ['CSV', 'JSON'] as const;

/** Rows as `name.csv` or `name.json`. */
export function downloadTable<Row>(
  name: string,
  format: (typeof TABLE_FORMATS)[number],
  rows: readonly Row[],
  toCsv: (rows: readonly Row[]) => string,
): void {
  if (format === 'CSV') download(`${name}.csv`, 'text/csv', toCsv(rows));
  else download(`${name}.json`, 'application/json', `${JSON.stringify(rows, null, 2)}\n`);
}
