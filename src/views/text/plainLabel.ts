/** A text for an entry of a list, where VS Code puts an icon in the place of `$(name)`: what an agent or a person wrote, such as `$(date)`, stays as it stands. */
export function plainLabel(text: string): string {
  return text.replace(/\$\([\w-]+(?:~\w+)?\)/g, '\\$&');
}
