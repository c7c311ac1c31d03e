/** A cell that starts like this is a formula to a spreadsheet (OWASP, "CSV Injection"; the last four are full-width). */
const formulaStart = /^[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/
/** Beside what RFC 4180 asks for: separators of other locales, and spaces that some readers take away. */
const needsQuotes = /[",;\t\r\n]|^ | $/

/** One record of RFC 4180 with its line end. A number is no formula and stays as it is. */
export function formatCsvRecord(cells: readonly unknown[]): string {
  return `${cells.map(formatCell).join(',')}\r\n`
}

function formatCell(value: unknown): string {
  if (value === undefined) return ''
  if (typeof value === 'number') return String(value)
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  const isFormula = formulaStart.test(text)
  if (!isFormula && !needsQuotes.test(text)) return text
  return `"${isFormula ? "'" : ''}${text.replaceAll('"', '""')}"`
}
