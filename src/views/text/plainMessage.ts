/**
 * Breaks links in a notification, where VS Code runs the command of `[label](command:…)`.
 * Messages quote agents, whose words must not become commands.
 */
export function plainMessage(message: string): string {
  return message.replaceAll('](', '] (');
}
