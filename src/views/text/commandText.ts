/**
 * The whole command as a person reads it before allowing it: each word in quotes, and every character that would not
 * be seen as its number. Two commands that differ never read the same.
 */
export function commandText(command: readonly string[]): string {
  return command.map(quoted).join(' ');
}

function quoted(word: string): string {
  return JSON.stringify(word).replace(/(?! )[\p{C}\p{Z}\p{Default_Ignorable_Code_Point}]/gu, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return `\\u{${code.toString(16)}}`;
  });
}
