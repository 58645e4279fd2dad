/** `npm run layout`: measures files, folders and imports, and exits 1 where a rule about them is broken. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { importsOf } from './lint/imports.mjs';
import { LayoutTable } from './lint/layoutTable.mjs';

const MAX_LINES = 300;
const MAX_MEDIAN_LINES = 120;
const MAX_FILES_IN_FOLDER = 18;

const root = join(import.meta.dirname, '..');
const read = (file) => readFileSync(join(root, file), 'utf8');

/** Includes files that are not committed yet. */
function listFiles(...folders) {
  const git = (...options) =>
    execFileSync('git', ['ls-files', '-z', ...options, '--', ...folders], { cwd: root, encoding: 'utf8' });
  const removed = new Set(git('--deleted').split('\0'));
  const files = new Set(git('--cached', '--others', '--exclude-standard').split('\0'));
  return [...files].filter((file) => file !== '' && !removed.has(file));
}

const sources = listFiles('src', 'media').filter((file) => /\.(tsx?|css)$/.test(file));
const modules = sources.filter((file) => !file.endsWith('.css'));
let isBroken = false;

function report(title, problems) {
  console.log(`${title}: ${problems.length}`);
  for (const problem of problems) console.log(`  ${problem}`);
  isBroken ||= problems.length > 0;
}

function longFiles() {
  const lengths = new Map(sources.map((file) => [file, read(file).split('\n').length - 1]));
  const sorted = [...lengths.values()].sort((one, other) => one - other);
  const median = sorted[Math.floor(sorted.length / 2)];
  report(
    `Files over ${MAX_LINES} lines in src and media`,
    [...lengths].filter(([, lines]) => lines > MAX_LINES).map(([file, lines]) => `${file} has ${lines}`),
  );
  console.log(`Median length of ${sorted.length} files: ${median} lines`);
  if (median > MAX_MEDIAN_LINES) report(`Median over ${MAX_MEDIAN_LINES} lines`, [`${median}`]);
}

function fullFolders() {
  const counts = new Map();
  for (const file of listFiles('src', 'media', 'test').filter((name) => !name.startsWith('test/fixtures/')))
    counts.set(dirname(file), (counts.get(dirname(file)) ?? 0) + 1);
  report(
    `Folders of src, media and test with more than ${MAX_FILES_IN_FOLDER} files`,
    [...counts].filter(([, count]) => count > MAX_FILES_IN_FOLDER).map(([folder, count]) => `${folder} has ${count}`),
  );
}

/** Finds every import of one of our modules by another. */
function readImports() {
  const known = new Set(sources);
  return modules.flatMap((from) =>
    importsOf(from, read(from)).flatMap(({ specifier, isTypeOnly }) => {
      const path = posix.join(posix.dirname(from), specifier);
      const to = [path, `${path}.ts`, `${path}.tsx`, `${path}.d.ts`].find((candidate) => known.has(candidate));
      return [{ from, to: to ?? path, isTypeOnly }];
    }),
  );
}

function importsAgainstDirection(imports) {
  const table = new LayoutTable(read('docs/architecture.md'));
  report(
    'Imports against the direction',
    imports.flatMap(({ from, to, isTypeOnly }) => {
      const problem = table.problemOf(from, to, isTypeOnly);
      return problem === undefined ? [] : [`${from} imports ${to}: ${problem}`];
    }),
  );
  report(
    'Rows of the table without a file',
    table.names.filter((name) => !sources.some((file) => file === `${name}.ts` || file.startsWith(`${name}/`))),
  );
}

/** Reports modules that import each other, types included, as Tarjan's strongly connected components. */
function importCycles(imports) {
  const importsOfFile = new Map(modules.map((file) => [file, []]));
  for (const { from, to } of imports) importsOfFile.get(from).push(to);
  const visited = new Map();
  const stack = [];
  const cycles = [];
  const visit = (file) => {
    const entry = { index: visited.size, low: visited.size, isOpen: true };
    visited.set(file, entry);
    stack.push(file);
    for (const to of importsOfFile.get(file) ?? []) {
      const next = visited.get(to) ?? visit(to);
      if (next.isOpen) entry.low = Math.min(entry.low, next.low);
    }
    if (entry.low === entry.index) {
      const component = stack.splice(stack.indexOf(file));
      for (const member of component) visited.get(member).isOpen = false;
      if (component.length > 1) cycles.push(component.join(' · '));
    }
    return entry;
  };
  for (const file of modules) if (!visited.has(file)) visit(file);
  report('Import cycles, types included', cycles);
}

longFiles();
fullFolders();
const imports = readImports();
importsAgainstDirection(imports);
importCycles(imports);
process.exit(isBroken ? 1 : 0);
