import type { ToolCategory } from '../../../../storage/events';
import { displayPath } from '../displayPath';

/** Fields that change nothing of what is done. */
const QUIET_FIELDS: Partial<Record<ToolCategory, readonly string[]>> = {
  execute: ['description', 'timeout', 'run_in_background'],
  read: ['offset', 'limit'],
  search: ['limit'],
  fetch: ['prompt', 'timeout'],
};

/** No place shows more of a title. */
const MAX_TITLE_LENGTH = 1_000;

/**
 * True where `title` has all that a tool would do: the command alone, or each field that matters as a word.
 * `roots` is the working directory in each spelling.
 */
export function saysAll(title: string, category: ToolCategory, input: unknown, roots: readonly string[]): boolean {
  if (input === undefined || input === null) return true;
  if (title.length > MAX_TITLE_LENGTH) return false;
  if (typeof input !== 'object' || Array.isArray(input)) return title === input;
  const quiet = QUIET_FIELDS[category] ?? [];
  const fields = Object.entries({ ...input })
    .filter(([name, value]) => !quiet.includes(name) && !isEmpty(value))
    .filter(([name, value]) => !(name === 'cwd' && typeof value === 'string' && roots.includes(value)));
  if ('command' in input) return category === 'execute' && fields.length === 1 && input.command === title;
  return fields.every(
    ([, value]) => typeof value === 'string' && (saysWord(title, value) || saysWord(title, displayPath(value, roots))),
  );
}

function isEmpty(value: unknown): boolean {
  return value === undefined || value === null || value === false || value === '';
}

/** True where the title has the word between spaces, commas or quotation marks. */
export function saysWord(title: string, word: string): boolean {
  if (word === '') return true;
  for (let at = title.indexOf(word); at !== -1; at = title.indexOf(word, at + 1)) {
    const [before = ' ', after = ' '] = [title[at - 1], title[at + word.length]];
    if (/[\s“]/.test(before) && /[\s”,:]/.test(after)) return true;
  }
  return false;
}
