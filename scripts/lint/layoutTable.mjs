/** Reads the table "What each folder may import" of docs/architecture.md and judges imports by it. */

const HEADING = /^#+ What each folder may import$/m;
const ENTRY = /`([^`]+)`( \(types\))?/g;
export const TABLE = 'the table "What each folder may import" in docs/architecture.md';

const withoutExtension = (path) => path.replace(/\.(d\.ts|tsx?|css)$/, '');
const isInside = (path, folder) => path === folder || path.startsWith(`${folder}/`);

/** A row covers its folder and all folders below it that have no row of their own. */
export class LayoutTable {
  /** `name` is a folder or a file without its extension; `entries` are what it may import. */
  #rows;

  /** @throws where the table is missing, or a row may import a folder that has no row */
  constructor(markdown) {
    const start = HEADING.exec(markdown);
    if (start === null) throw new Error(`docs/architecture.md has no heading "What each folder may import"`);
    const section = markdown.slice(start.index + start[0].length).split(/^#/m)[0];
    this.#rows = section.split('\n').flatMap((line) => {
      const cells = line.split('|').slice(1, -1);
      const [named] = entriesOf(cells.at(0) ?? '');
      return named === undefined ? [] : [{ name: named.name, entries: entriesOf(cells.at(-1)) }];
    });
    if (this.#rows.length === 0) throw new Error(`${TABLE} has no rows`);
    for (const { name, entries } of this.#rows)
      for (const entry of entries)
        if (!entry.isFile && !this.#rows.some((row) => isInside(row.name, entry.name)))
          throw new Error(`\`${name}\` may import \`${entry.name}\`, which has no row in ${TABLE}`);
  }

  get names() {
    return this.#rows.map(({ name }) => name);
  }

  /** The row that covers a file: the one with the longest matching name. */
  #rowOf(path) {
    const rows = this.#rows.filter(({ name }) => isInside(path, name));
    return rows.sort((one, other) => other.name.length - one.name.length)[0];
  }

  /** Why `from` may not import `to`, or undefined where it may. Paths start at the root of the project. */
  problemOf(from, to, isTypeOnly) {
    const importer = this.#rowOf(withoutExtension(from));
    if (importer === undefined) return `${from} is in no folder of ${TABLE}.`;
    const path = withoutExtension(to);
    const imported = this.#rowOf(path);
    if (imported === importer) return undefined;
    const matching = importer.entries.filter((entry) => {
      if (entry.isFile) return path === entry.name;
      return entry.isDeep ? isInside(path, entry.name) : imported?.name === entry.name;
    });
    if (matching.some((entry) => isTypeOnly || !entry.isTypeOnly)) return undefined;
    const what = matching.length > 0 ? 'only types of' : 'nothing of';
    return `\`${importer.name}\` may import ${what} \`${imported?.name ?? path}\`: see ${TABLE}.`;
  }
}

function entriesOf(cell) {
  return [...cell.matchAll(ENTRY)].map(([, text, types]) => ({
    name: withoutExtension(text.replace(/\/\*\*$/, '')),
    isFile: withoutExtension(text) !== text,
    isDeep: text.endsWith('/**'),
    isTypeOnly: types !== undefined,
  }));
}
