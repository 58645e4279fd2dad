/**
 * The message with no link in it. VS Code makes a link of `[label](command:…)` in a notification, which runs the command;
 * the titles, questions and errors that messages speak of are an agent's words.
 */
export function plainMessage(message: string): string {
  return message.replaceAll('](', '] (');
}
