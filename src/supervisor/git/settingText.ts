/** How git prints its settings, and how its configuration files hold them. */

export interface ListedSetting {
  /** What git was asked to show before each: `--show-scope` or `--show-origin`. */
  source: string;
  /** As git writes it: section and name in lower case. */
  key: string;
  value: string;
}

/** Reads what `git config --null` lists with the source of each setting. One that stands alone is `true`. */
export function parseSettings(listing: Buffer): ListedSetting[] {
  const fields = listing.toString('utf8').split('\0');
  const settings: ListedSetting[] = [];
  for (let index = 0; index + 1 < fields.length; index += 2) {
    const [source = '', entry = ''] = [fields[index], fields[index + 1]];
    const keyEnd = entry.indexOf('\n');
    settings.push(
      keyEnd < 0
        ? { source, key: entry, value: 'true' }
        : { source, key: entry.slice(0, keyEnd), value: entry.slice(keyEnd + 1) },
    );
  }
  return settings;
}

/** True where a setting listed with `--show-scope` is the user's own, which no repository can write. */
export function isUsersOwn({ source }: ListedSetting): boolean {
  return source === 'global' || source === 'system';
}

/** How git understands a value that says yes or no. */
export function isFalse(value: string): boolean {
  return /^(false|no|off|0|)$/i.test(value);
}

/** A value as it stands in a configuration file. */
export function quoteValue(value: string): string {
  return `"${escapeQuotes(value).replaceAll('\n', '\\n').replaceAll('\t', '\\t')}"`;
}

/** As in the name of a subsection, which can hold neither a newline nor a tab's escape. */
export function escapeQuotes(text: string): string {
  return text.replace(/["\\]/g, '\\$&');
}
