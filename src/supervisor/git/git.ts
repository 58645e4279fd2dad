import { access, constants, stat } from 'node:fs/promises';
import { delimiter, isAbsolute, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { CorralError } from '../../storage/errors';
import { messageOf } from '../../common/errors';
import { gitError } from './gitErrors';
import { execute } from './gitProcess';

const MINIMUM_VERSION = { major: 2, minor: 36 } as const; // `worktree list -z` and sparse worktrees
const MAX_AT_ONCE = 3;
const FIRST_RETRY_MS = 25;
const MAX_RETRY_MS = 800;

/**
 * Set for every git that we start. Agents can write the repository's config, and all of this names programs or changes what is stored:
 * a hooks path that holds nothing (git itself maps the name on Windows), no file system monitor, and an index that is wholly ours.
 */
const SAFE_CONFIGURATION: readonly Setting[] = [
  ['core.hooksPath', '/dev/null'],
  ['core.fsmonitor', 'false'],
  ['core.untrackedCache', 'false'],
  ['core.splitIndex', 'false'],
  ['core.ignoreStat', 'false'],
  ['core.safecrlf', 'false'],
  ['core.quotePath', 'false'],
  ['core.fsyncMethod', 'batch'], // as safe as one sync for each object, and much quicker for a snapshot's
  ['worktree.useRelativePaths', 'false'],
];

/**
 * Commands that look at no file of the worktree, so that no filter can run. Every other one is taken to do so: measured, even `write-tree`
 * filters files, because whoever writes an index compares those whose time tells nothing.
 */
const LOOKS_AT_NO_FILE: ReadonlySet<string> = new Set([
  'cat-file',
  'config',
  'for-each-ref',
  'hash-object', // Corral gives it its bytes, or `--no-filters`
  'init',
  'log',
  'ls-files', // Corral asks for no `--modified`
  'ls-tree',
  'rev-list',
  'rev-parse',
  'symbolic-ref',
  'update-ref',
]);

/** A lazy fetch for an object that is missing runs programs that the repository's config names, which any agent can write. */
const WITHOUT_FETCH = { GIT_NO_LAZY_FETCH: '1', GIT_ALLOW_PROTOCOL: 'none' } as const; // the second for a git that does not know the first

/** What git does to a file without a merge driver of its own. */
const ORDINARY_MERGE = 'git merge-file %A %O %B';

export type Setting = readonly [key: string, value: string];

export interface GitOptions {
  /** Bytes for stdin; it is empty where absent. */
  input?: Uint8Array | string;
  environment?: Readonly<Record<string, string>>;
  /** Exit codes that are answers; any other is an error. `[0]` where absent. */
  acceptedExitCodes?: readonly number[];
  signal?: AbortSignal | undefined;
  /** What `readFilters` said a moment ago, for commands of one short operation. Read anew for each where absent. */
  filters?: readonly Setting[] | undefined;
}

export interface GitResult {
  stdout: Buffer;
  stderr: string;
  exitCode: number;
}

/**
 * The one way to run git: argument vectors only, three processes at once, retries while somebody holds a lock.
 *
 * Filters (`filter.<name>.clean|smudge|process`) are programs that a plain `git add` or checkout runs. Those of the user's own and of the
 * system's config run as the user wants (Git LFS). Those of the repository's config (`.git/config`, `config.worktree` and what they include)
 * never run under Corral, since any agent can write them; where both define a filter, the user's wins. Files are then stored as they are. The same
 * goes for merge drivers (`merge.<name>.driver`): files are then merged as any other.
 */
export class Git {
  /** Processes started so far. */
  startedCount = 0;
  /** Processes that live now. */
  runningCount = 0;
  readonly #configuredProgram: string;
  readonly #lockPatienceMs: number;
  readonly #waiting: (() => void)[] = [];
  #taken = 0;
  #program: Promise<string> | undefined;

  /** `program` is a name on PATH or an absolute path; `lockPatienceMs` is how long to go on trying while a lock is held. */
  constructor(options: { program?: string; lockPatienceMs?: number } = {}) {
    this.#configuredProgram = options.program ?? 'git';
    this.#lockPatienceMs = options.lockPatienceMs ?? 5000;
  }

  /** Runs git in `directory`. Fails with GIT_NOT_FOUND, GIT_TOO_OLD, GIT_LOCKED, CANCELLED, NO_FOLDER, or what its stderr means. */
  async run(directory: string, commandArguments: readonly string[], options: GitOptions = {}): Promise<GitResult> {
    const program = await this.#knownProgram();
    let pauseMs = FIRST_RETRY_MS;
    for (let waitedMs = 0; ; waitedMs += pauseMs, pauseMs = Math.min(pauseMs * 2, MAX_RETRY_MS)) {
      const isLook = LOOKS_AT_NO_FILE.has(commandArguments[0] ?? '');
      const settings = [
        ...SAFE_CONFIGURATION,
        ...(isLook ? [] : (options.filters ?? (await this.#withoutFilters(program, directory, options)))),
      ];
      const environment = { ...(isLook ? WITHOUT_FETCH : {}), ...options.environment };
      const result = await this.#start(program, directory, commandArguments, settings, { ...options, environment });
      if (result.exitCode !== undefined && (options.acceptedExitCodes ?? [0]).includes(result.exitCode)) {
        return { stdout: result.stdout, stderr: result.stderr, exitCode: result.exitCode };
      }
      const error = gitError(commandArguments[0] ?? '', result.exitCode, result.signal, result.stderr);
      if (error.code !== 'GIT_LOCKED' || waitedMs >= this.#lockPatienceMs) throw error;
      // Where it is cancelled, the next start says so.
      await delay(pauseMs, undefined, options.signal === undefined ? {} : { signal: options.signal }).catch(
        () => undefined,
      );
    }
  }

  /** As `run`; the output as text without its last newline. */
  async text(directory: string, commandArguments: readonly string[], options: GitOptions = {}): Promise<string> {
    return (await this.run(directory, commandArguments, options)).stdout.toString('utf8').replace(/\n$/, '');
  }

  /** The settings that keep programs of the repository's config from running, as of now. */
  async readFilters(directory: string, signal?: AbortSignal): Promise<readonly Setting[]> {
    return await this.#withoutFilters(await this.#knownProgram(), directory, { signal });
  }

  async #knownProgram(): Promise<string> {
    this.#program ??= this.#findProgram();
    return await this.#program.catch((error: unknown) => {
      this.#program = undefined; // git may be installed meanwhile
      throw error;
    });
  }

  async #findProgram(): Promise<string> {
    const program = await findOnPath(this.#configuredProgram);
    if (program === undefined)
      throw new CorralError(
        'GIT_NOT_FOUND',
        `Git was not found (${this.#configuredProgram}). Install git ${MINIMUM_VERSION.major}.${MINIMUM_VERSION.minor} or newer`,
      );
    const { stdout } = await this.#start(program, process.cwd(), ['--version'], [], {});
    const version = /version (\d+)\.(\d+)/.exec(stdout.toString('utf8'));
    if (version === null) throw new CorralError('GIT_NOT_FOUND', `${program} is not git`);
    const [major, minor] = [Number(version[1]), Number(version[2])];
    if (major < MINIMUM_VERSION.major || (major === MINIMUM_VERSION.major && minor < MINIMUM_VERSION.minor)) {
      throw new CorralError(
        'GIT_TOO_OLD',
        `Git ${major}.${minor} is too old: Corral needs ${MINIMUM_VERSION.major}.${MINIMUM_VERSION.minor} or newer`,
      );
    }
    return program;
  }

  /** Never kept for long, as an agent may write the config at any moment. Also turns off hooks that newer versions of git take from config. */
  async #withoutFilters(
    program: string,
    directory: string,
    { environment = {}, signal }: GitOptions,
  ): Promise<Setting[]> {
    const {
      stdout,
      stderr,
      exitCode,
      signal: killedBy,
    } = await this.#start(
      program,
      directory,
      ['config', '--null', '--show-scope', '--get-regexp', '^(filter|hook|merge)\\..*\\.'],
      SAFE_CONFIGURATION,
      {
        environment,
        signal,
      },
    );
    if (exitCode !== 0 && exitCode !== 1) throw gitError('config', exitCode, killedBy, stderr);
    const fields = stdout.toString('utf8').split('\0');
    const trusted = new Map<string, string>();
    const suspect = new Set<string>();
    const hooks = new Set<string>();
    for (let index = 0; index + 1 < fields.length; index += 2) {
      const [scope, entry] = [fields[index] ?? '', fields[index + 1] ?? ''];
      const keyEnd = entry.indexOf('\n');
      const key = keyEnd < 0 ? entry : entry.slice(0, keyEnd);
      const section = key.slice(0, key.lastIndexOf('.'));
      if (section.startsWith('hook.')) hooks.add(section);
      else if (section.startsWith('merge.') && !key.endsWith('.driver')) continue;
      else if (scope === 'system' || scope === 'global')
        trusted.set(key, keyEnd < 0 ? 'true' : entry.slice(keyEnd + 1));
      else suspect.add(section);
    }
    const drivers = [...suspect].filter((section) => section.startsWith('merge.'));
    const filters = [...suspect]
      .filter((section) => !section.startsWith('merge.'))
      .flatMap((section) =>
        ['clean', 'smudge', 'process', 'required'].map((name): Setting => [
          `${section}.${name}`,
          trusted.get(`${section}.${name}`) ?? (name === 'required' ? 'false' : ''),
        ]),
      );
    return [
      ...filters,
      ...drivers.map((section): Setting => [`${section}.driver`, trusted.get(`${section}.driver`) ?? ORDINARY_MERGE]),
      ...[...hooks].map((section): Setting => [`${section}.enabled`, 'false']),
    ];
  }

  async #start(
    program: string,
    directory: string,
    commandArguments: readonly string[],
    settings: readonly Setting[],
    options: GitOptions,
  ) {
    const { signal, input } = options;
    if (commandArguments.some((argument) => argument.includes('\0')))
      throw new CorralError('INVALID_ARGUMENT', 'A NUL character cannot be passed to git');
    await this.#enter(signal);
    this.startedCount++;
    this.runningCount++;
    try {
      const env = { ...cleanEnvironment(), ...configurationEnvironment(settings), ...options.environment };
      const { error, ...output } = await execute(program, commandArguments, { cwd: directory, env }, input, signal);
      if (error !== undefined && signal?.aborted === true) throw cancelled();
      if (typeof error?.code === 'string') throw await this.#startError(directory, error);
      return {
        ...output,
        exitCode: error === undefined ? 0 : (error.code ?? undefined),
        signal: error?.signal ?? undefined,
      };
    } finally {
      this.runningCount--;
      this.#leave();
    }
  }

  async #startError(directory: string, cause: unknown): Promise<CorralError> {
    const folder = await stat(directory).catch(() => undefined);
    if (folder?.isDirectory() !== true)
      return new CorralError('NO_FOLDER', `There is no folder ${directory}`, { cause });
    return new CorralError('GIT_NOT_FOUND', `Git cannot be started: ${messageOf(cause)}`, { cause });
  }

  async #enter(signal: AbortSignal | undefined): Promise<void> {
    if (signal?.aborted === true) throw cancelled();
    if (this.#taken < MAX_AT_ONCE) {
      this.#taken++;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const abandon = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(enter), 1);
        reject(cancelled());
      };
      const enter = (): void => {
        signal?.removeEventListener('abort', abandon);
        resolve();
      };
      this.#waiting.push(enter);
      signal?.addEventListener('abort', abandon, { once: true });
    });
  }

  /** The place goes straight to the next in line, so nobody can slip in between. */
  #leave(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#taken--;
    else next();
  }
}

function cancelled(): CorralError {
  return new CorralError('CANCELLED', 'Cancelled');
}

/** The user's environment without GIT_*: an inherited GIT_DIR or GIT_INDEX_FILE would point every command at another repository. */
function cleanEnvironment(): Record<string, string> {
  const kept = Object.entries(process.env).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && !/^(GIT_|LC_|LANG)/i.test(entry[0]),
  );
  return { ...Object.fromEntries(kept), LC_ALL: 'C', GIT_TERMINAL_PROMPT: '0', GIT_OPTIONAL_LOCKS: '0' };
}

/** By environment and not by `-c`: there a name that holds `=` is read as another key. */
function configurationEnvironment(settings: readonly Setting[]): Record<string, string> {
  const entries = settings.flatMap(([key, value], index): [string, string][] => [
    [`GIT_CONFIG_KEY_${index}`, key],
    [`GIT_CONFIG_VALUE_${index}`, value],
  ]);
  return { ...Object.fromEntries(entries), GIT_CONFIG_COUNT: String(settings.length) };
}

/** Absolute, so that a `git.exe` in the repository is never what Windows finds first. */
async function findOnPath(program: string): Promise<string | undefined> {
  const names = process.platform === 'win32' && !/\.exe$/i.test(program) ? [`${program}.exe`] : [program];
  const folders = isAbsolute(program)
    ? ['']
    : (process.env['PATH'] ?? '').split(delimiter).filter((folder) => isAbsolute(folder));
  for (const folder of folders) {
    for (const name of names) {
      const candidate = folder === '' ? name : join(folder, name);
      const found = await access(candidate, constants.X_OK)
        .then(() => stat(candidate))
        .catch(() => undefined);
      if (found?.isFile() === true) return candidate;
    }
  }
  return undefined;
}
