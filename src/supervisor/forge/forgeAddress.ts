/** The host and the repository in the address of a remote. */
export interface ForgeAddress {
  /** In lower case; with the port of a web address. */
  host: string;
  path: string;
}

/** Where ssh has a host of its own, for networks that let only port 443 through. */
const WEB_HOSTS: Readonly<Record<string, string>> = {
  'ssh.github.com': 'github.com',
  'altssh.gitlab.com': 'gitlab.com',
};
const PATH = /^[\w.~-]+(\/[\w.~-]+)+$/;
const HOST = /^[a-z\d](?:[a-z\d.-]*[a-z\d])?(?::\d+)?$/;

/** Undefined for a folder, and for what no forge has, such as a path of one part. */
export function parseForgeAddress(address: string): ForgeAddress | undefined {
  const url = /^(https?|ssh|git\+ssh|git):\/\/(?:[^@/]*@)?([^/]+)\/(.+)$/i.exec(address);
  // `user@host:path`; one letter before the colon is a disk of Windows.
  const short = /^(?:[^@/:]+@)?([^@/:]{2,}):(?!\/\/)(.+)$/.exec(address);
  const [named, path] = url === null ? [short?.[1], short?.[2]] : [url[2], url[3]];
  if (named === undefined || path === undefined) return undefined;
  const isWeb = /^https?$/i.test(url?.[1] ?? '');
  const lower = named.toLowerCase();
  // Only a web address has the port on which the forge is asked.
  const host = isWeb ? lower.replace(/:443$/, '') : lower.replace(/:\d+$/, '');
  const repository = path.replace(/^\/+|\/+$/g, '').replace(/\.git$/i, '');
  if (!HOST.test(host) || !PATH.test(repository)) return undefined;
  return { host: WEB_HOSTS[host] ?? host, path: repository };
}
