/** The shell script that a connection begins with: it finds Node and the host program there, and starts that. */

/** What the host program's bundle is built for. */
export const OLDEST_NODE_VERSION = 22;

/** The folder for all that Corral keeps on a host, where the setting has none. */
export const DEFAULT_ROOT = '~/.corral-host';

/** The host program, as it is installed. */
export interface HostProgram {
  /** Of the extension. */
  version: string;
  bytes: Buffer;
  /** Of the bytes, in hexadecimal. */
  sha256: string;
}

export interface BootstrapOptions {
  /** Random, before each line of the script, so that whatever else is printed there is told from it. */
  mark: string;
  program: Pick<HostProgram, 'version' | 'sha256'> & { bytes: { length: number } };
  /** An absolute path there, or one that begins with `~/`; otherwise Node is looked for. */
  node?: string | undefined;
  root?: string | undefined;
}

/** What the script says, in this order: each is a line with the mark, the word and what stands behind it. */
export type BootstrapWord =
  /** There is no Node that is new enough; the newest of those that were found, with its version. */
  | 'noNode'
  /** Nothing can be written there; the folder. stderr says why. */
  | 'noFolder'
  /** The program's bytes are to be sent now. */
  | 'send'
  /** The bytes that came are not those of the program, or could not be written. stderr says why. */
  | 'notInstalled'
  /** The host program speaks from here on; the path of Node. */
  | 'ready';

/** Where Node is looked for after the login shell's PATH, and what editors brought to the host. */
const NODE_FOLDERS = [
  '/usr/local/bin',
  '/opt/homebrew/bin',
  '/home/linuxbrew/.linuxbrew/bin',
  '/snap/bin',
  ...[
    '.local/bin',
    '.volta/bin',
    '.asdf/shims',
    '.local/share/mise/shims',
    '.local/share/fnm/aliases/default/bin',
    '.nvm/versions/node/*/bin',
    '.vscode-server*/cli/servers/*/server',
    '.vscode-server*/bin/*',
    '.vscodium-server/bin/*',
    '.cursor-server/bin/*',
    '.windsurf-server/bin/*',
    '.local/lib/code-server-*/lib',
  ].map((folder) => `"$HOME"/${folder}`),
  '/usr/lib/code-server/lib',
];

/** Checks the staged program, syncs and renames it. Another window may have installed the same one meanwhile. */
const INSTALL = [
  'const f=require("fs"),[t,b,h]=process.argv.slice(1),c=t+"/corral-host.js",y=f.readFileSync(c)',
  'if(require("crypto").createHash("sha256").update(y).digest("hex")!==h)throw Error("damaged: "+y.length+" bytes")',
  'const d=f.openSync(c,"r+");f.fsyncSync(d);f.closeSync(d)',
  'try{f.renameSync(t,b)}catch(e){if(!f.existsSync(b+"/corral-host.js"))throw e;f.rmSync(t,{recursive:true})}',
].join(';');

/** tcsh takes `-l` only alone, and reads its PATH without it. What a variable holds, all shells quote alike. */
export function bootstrapScript({ mark, program, node, root }: BootstrapOptions): string {
  return `umask 077
m=${mark} g=${node === undefined ? "''" : quoted(node)} r=${quoted(root ?? DEFAULT_ROOT)} k= o=
p="$r/bin/${program.version}-${program.sha256}"
say() { printf '%s %s\\n' "$m" "$*"; }
fits() {
[ -f "$1" ] && [ -x "$1" ] && v=$("$1" --version 2>/dev/null </dev/null) || return 1
j=\${v#v}; [ "\${j%%.*}" -ge ${String(OLDEST_NODE_VERSION)} ] 2>/dev/null && n=$1 && return
o="$v $1"; return 1
}
find_node() {
[ -z "$g" ] || { k=$g; fits "$g"; return; }
[ -f "$r/node" ] && read -r k <"$r/node" && fits "$k" && return
case $SHELL in *csh) l=;; *) l=-l;; esac
a=$(M=$m A='echo "$M$PATH$M"' "\${SHELL:-sh}" $l -c 'sh -c "$A"' 2>/dev/null </dev/null)
case $a in *"$m"*"$m"*) a=\${a#*"$m"}; a=\${a%%"$m"*};; *) a=;; esac
IFS=:
for d in $a $PATH ${NODE_FOLDERS.join(' ')}; do unset IFS; fits "$d/node" && return; done
unset IFS; return 1
}
find_node || { say noNode "$o"; exit 0; }
LC_ALL=C mkdir -p "$r/bin" && [ -w "$r/bin" ] || { say noFolder "$r"; exit 0; }
if [ ! -f "$p/corral-host.js" ]; then
t="$r/bin/.new-$$"; rm -rf "$t"
LC_ALL=C mkdir "$t" || { say noFolder "$r/bin"; exit 0; }
say send
LC_ALL=C head -c ${String(program.bytes.length)} >"$t/corral-host.js" && "$n" -e '${INSTALL}' "$t" "$p" ${program.sha256} </dev/null || { rm -rf "$t"; say notInstalled "$r/bin"; exit 0; }
fi
[ "$n" = "$k" ] || { printf '%s\\n' "$n" >"$r/node.$$" && mv "$r/node.$$" "$r/node"; }
say ready "$n"
exec "$n" "$p/corral-host.js" serve
`;
}

/** A word of the shell. The shell there puts its home folder in the place of `~`. */
function quoted(path: string): string {
  const quote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
  return path.startsWith('~/') ? `"$HOME"/${quote(path.slice(2))}` : quote(path);
}
