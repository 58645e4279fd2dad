/** ESLint rule: an import must be one that the table in docs/architecture.md allows. */
import { readFileSync } from 'node:fs';
import { dirname, join, posix, relative, sep } from 'node:path';
import { importsOf } from './imports.mjs';
import { LayoutTable } from './layoutTable.mjs';

const root = join(import.meta.dirname, '../..');
const table = new LayoutTable(readFileSync(join(root, 'docs/architecture.md'), 'utf8'));

/** The path from the root of the project, with slashes on every system. */
const fromRoot = (path) => relative(root, path).split(sep).join('/');

export const importDirection = {
  meta: { type: 'problem', schema: [], messages: { against: '{{problem}}' } },
  create(context) {
    const { sourceCode } = context;
    const file = fromRoot(context.filename);
    return {
      Program() {
        for (const { specifier, isTypeOnly, position, end } of importsOf(file, sourceCode.text)) {
          const problem = table.problemOf(file, posix.join(dirname(file), specifier), isTypeOnly);
          const loc = { start: sourceCode.getLocFromIndex(position), end: sourceCode.getLocFromIndex(end) };
          if (problem !== undefined) context.report({ loc, messageId: 'against', data: { problem } });
        }
      },
    };
  },
};
