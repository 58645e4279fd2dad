/** A path inside one of `roots` relative to it and with `/`; any other path unchanged. Also for Windows' paths. */
export function displayedPath(path: string, roots: readonly string[]): string {
  const plain = path.replaceAll('\\', '/');
  for (const root of roots) {
    const folder = `${root.replaceAll('\\', '/').replace(/\/+$/, '')}/`;
    const isInside = plain.startsWith(folder) && plain.length > folder.length;
    if (isInside && !plain.split('/').includes('..')) return plain.slice(folder.length);
  }
  return path;
}

export function isAbsolutePath(path: string): boolean {
  return /^(?:[\\/~]|[a-z]:[\\/])/i.test(path);
}
