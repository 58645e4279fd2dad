/** Of names that stand in an address as they are. */
const PLAIN_NAME = /^[a-z0-9][a-z0-9._@-]*$/;

/**
 * The machine of a window of VS Code, by its name for ssh. Names that an address would change are written in another
 * way, which the extensions for ssh know.
 */
export function sshAuthority(name: string): string {
  const host = PLAIN_NAME.test(name) ? name : Buffer.from(JSON.stringify({ hostName: name })).toString('hex');
  return `ssh-remote+${host}`;
}

/** The address of a folder behind ssh, for a window of VS Code. */
export function sshWindowUri(name: string, folder: string): string {
  return `vscode-remote://${sshAuthority(name)}${folder.split('/').map(encodeURIComponent).join('/')}`;
}
