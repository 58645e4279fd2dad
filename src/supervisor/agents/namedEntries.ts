import * as l10n from '@vscode/l10n';
import * as v from 'valibot';
import { CorralError, type CorralErrorCode } from '../../storage/errors';

export interface NamedEntriesOptions<T> {
  /** The setting's whole name, such as `corral.agents`. */
  setting: string;
  /** Of the error where the value has no entries at all. */
  code: CorralErrorCode;
  nameSchema: v.GenericSchema<unknown, string>;
  entrySchema: v.GenericSchema<unknown, T>;
}

/**
 * The entries of a setting that has them by name. Instead of a wrong one there is a sentence that says what is wrong,
 * so that all others can be used.
 * @throws CorralError with the code
 */
export function parseNamedEntries<T>(
  value: unknown,
  { setting, code, nameSchema, entrySchema }: NamedEntriesOptions<T>,
): Map<string, T | { mistake: string }> {
  const entries = v.safeParse(v.record(v.string(), v.unknown()), value);
  if (!entries.success) {
    const problem = entries.issues[0].message;
    throw new CorralError(code, l10n.t('Correct the setting {setting}: {problem}', { setting, problem }));
  }
  const parseEntry = (name: string, entry: unknown): T | { mistake: string } => {
    const parsedName = v.safeParse(nameSchema, name);
    const parsed = v.safeParse(entrySchema, entry);
    if (parsedName.success && parsed.success) return parsed.output;
    const [issue] = parsedName.issues ?? parsed.issues ?? [];
    const inner = parsedName.success && parsed.issues !== undefined ? v.getDotPath(parsed.issues[0]) : null;
    return {
      mistake: l10n.t('Correct the setting {setting} at “{place}”: {problem}', {
        setting,
        place: inner === null ? name : `${name}.${inner}`,
        problem: issue?.message ?? '',
      }),
    };
  };
  return new Map(Object.entries(entries.output).map(([name, entry]) => [name, parseEntry(name, entry)]));
}
