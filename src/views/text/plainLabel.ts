/** Escapes `$(name)`, which VS Code shows as an icon in lists: an agent's `$(date)` stays readable. */
export function plainLabel(text: string): string {
  return text.replace(/\$\([\w-]+(?:~\w+)?\)/g, '\\$&');
}
