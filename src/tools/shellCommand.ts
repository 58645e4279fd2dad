const SHELL = /^(?:\S*\/)?(?:ba|z|da)?sh -l?c (.+)$/s;

/** The command that a shell is started for, as it was typed; the whole text where that cannot be told for sure. */
export function withoutShell(command: string): string {
  const [, argument = ''] = SHELL.exec(command) ?? [];
  const words = argument.match(/'[^']*'|"(?:[^"\\$`!]|\\["\\$`])*"|[\w@%+=:,./-]+/g) ?? [];
  if (argument === '' || words.join('') !== argument) return command;
  return words
    .map((word) => {
      if (word.startsWith("'")) return word.slice(1, -1);
      return word.startsWith('"') ? word.slice(1, -1).replace(/\\(["\\$`])/g, '$1') : word;
    })
    .join('');
}
