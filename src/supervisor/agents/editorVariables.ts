/** Of the editor, of git's hooks, or of an agent that the editor was started by: none of the agent's business. */
const HIDDEN_VARIABLES = /^(ELECTRON_|VSCODE_|GIT_|NODE_OPTIONS$|CLAUDECODE$|OLDPWD$)/;

/** The user's environment without what is not an agent's business, but for what is `given` to it by name. */
export function withoutEditor(environment: NodeJS.ProcessEnv, given: readonly string[] = []): NodeJS.ProcessEnv {
  const isHidden = (name: string): boolean =>
    HIDDEN_VARIABLES.test(process.platform === 'win32' ? name.toUpperCase() : name);
  return Object.fromEntries(Object.entries(environment).filter(([name]) => given.includes(name) || !isHidden(name)));
}
