/**
 * True for a click on a row that VS Code cannot name: it forgets the rows of a tree while it reads all of them again,
 * and passes undefined then (extHostTreeViews.ts). Nobody knows which row was meant, so nothing may be done.
 */
export function isForgottenRow(row: unknown, others: readonly unknown[]): boolean {
  const [selected] = others; // a menu of a row always passes it, a key or the palette never does
  return (row === undefined && others.length > 0) || (Array.isArray(selected) && selected.includes(undefined));
}
