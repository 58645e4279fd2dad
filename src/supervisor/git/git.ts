import { stat } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { delimiter } from 'node:path';
import * as l10n from '@vscode/l10n';
import { AnsweringDisks } from '../../common/disks/answeringDisks';
import { messageOf } from '../../common/errors';
import { foldersOnPath } from '../../common/processes/programFile';
import type { ProcessResult, RunProcess } from '../../common/processes/runProcess';
import { CorralError } from '../../storage/errors';
import { cancelledError, gitError } from './gitErrors';
import { findGit, requireSupportedVersion } from './gitProgram';
import { ProcessPool } from './processPool';
import type { Setting } from './safeConfiguration';
import {
  gitEnvironment,
  LIST_PROGRAM_SETTINGS,
  needsOverrides,
  NO_PROGRAMS,
  overridesOf,
  SAFE_CONFIGURATION,
} from './safeConfiguration';

const MAX_PROCESSES = 3;
const FIRST_RETRY_MS = 25;
const MAX_RETRY_MS = 800;
const DEFAULT_LOCK_PATIENCE_MS = 5_000;
const DEFAULT_SHORT_LIMIT_MS = 60_000;

/** Commands that read a few small files. One that takes long was given a pipe to read, and would wait for ever. */
const SHORT_COMMANDS: ReadonlySet<string> = new Set([
  'check-ref-format',
  'config',
  'for-each-ref',
  'remote',
  'rev-parse',
  'symbolic-ref',
  'var',
]);
/** No version before 2.50 finds hooks in the configuration. */
const FIRST_MINOR_WITH_HOOKS = 50;
const OWN_SETTINGS = [...SAFE_CONFIGURATION, ...NO_PROGRAMS];

export interface GitOptions {
  /** Bytes for stdin; it is empty where absent. */
  input?: Uint8Array | string;
  environment?: Readonly<Record<string, string>>;
  /** Exit codes that are answers; any other is an error. `[0]` where absent. */
  acceptedExitCodes?: readonly number[];
  signal?: AbortSignal | undefined;
  /**
   * True where git has to find the worktree by itself. Otherwise `directory` is one, whatever the configuration names,
   * and for commands about refs and objects it makes no difference.
   */
  findsWorktree?: boolean;
  /** What `readFilters` answered a moment ago, for the commands of one short operation. Read anew where absent. */
  filters?: readonly Setting[] | undefined;
  /** All variables of an isolated git dir (see `isolatedGit`). Then no configuration of the repository is read. */
  isolation?: Readonly<Record<string, string>>;
  /** How many milliseconds a git that runs filters may take. */
  filterLimitMs?: number;
}

export interface GitResult {
  stdout: Buffer;
  stderr: string;
  exitCode: number;
}

/** The one way to run git: without a shell, three processes at once, and again while somebody holds a lock. */
export class Git {
  readonly #runProcess: RunProcess;
  readonly #configuredProgram: string;
  readonly #lockPatienceMs: number;
  readonly #shortLimitMs: number;
  readonly #disks: AnsweringDisks;
  readonly #pool = new ProcessPool(MAX_PROCESSES);
  #program: Promise<string> | undefined;
  #hasConfiguredHooks = true;

  /**
   * `program` is a name on PATH or an absolute path; `lockPatienceMs` is how long to try while a lock is held, and
   * `shortLimitMs` how long a command may take that reads settings or refs alone.
   */
  constructor(
    runProcess: RunProcess,
    options: { program?: string; lockPatienceMs?: number; shortLimitMs?: number } = {},
  ) {
    this.#runProcess = runProcess;
    this.#disks = new AnsweringDisks(runProcess);
    this.#shortLimitMs = options.shortLimitMs ?? DEFAULT_SHORT_LIMIT_MS;
    this.#configuredProgram = options.program ?? 'git';
    this.#lockPatienceMs = options.lockPatienceMs ?? DEFAULT_LOCK_PATIENCE_MS;
  }

  /**
   * Runs git in `directory`.
   * @throws GIT_NOT_FOUND, GIT_TOO_OLD, GIT_LOCKED, CANCELLED, NO_FOLDER, or what its stderr means
   */
  async run(directory: string, commandArguments: readonly string[], options: GitOptions = {}): Promise<GitResult> {
    return await this.whileLocked(async () => await this.runOnce(directory, commandArguments, options), options.signal);
  }

  /** As `run`, for a command that leaves something behind where it meets a lock: then it is not just run again. */
  async runOnce(directory: string, commandArguments: readonly string[], options: GitOptions = {}): Promise<GitResult> {
    const program = await this.#knownProgram();
    const command = commandArguments[0] ?? '';
    const settings =
      options.isolation === undefined ? await this.#settingsFor(program, directory, command, options) : [];
    const result = await this.#start(program, directory, commandArguments, settings, options);
    const { exitCode, signal, stdout, stderr } = result;
    const isAccepted = exitCode !== undefined && (options.acceptedExitCodes ?? [0]).includes(exitCode);
    if (isAccepted && exitCode === 0) return { stdout, stderr, exitCode };
    const error = gitError(command, exitCode, signal, stderr);
    // Who met a lock has not done what was asked, so this is never one of the accepted answers.
    if (isAccepted && error.code !== 'GIT_LOCKED') return { stdout, stderr, exitCode };
    throw error;
  }

  /** Tries again while another process of git's holds a lock, for as long as people have patience. */
  async whileLocked<T>(attempt: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    let pauseMs = FIRST_RETRY_MS;
    for (let waitedMs = 0; ; waitedMs += pauseMs, pauseMs = Math.min(pauseMs * 2, MAX_RETRY_MS)) {
      try {
        return await attempt();
      } catch (error) {
        if (!(error instanceof CorralError) || error.code !== 'GIT_LOCKED' || waitedMs >= this.#lockPatienceMs)
          throw error;
      }
      // Where it is cancelled, the next start says so.
      await delay(pauseMs, undefined, signal === undefined ? {} : { signal }).catch(() => undefined);
    }
  }

  /** As `run`; the output as text without its last newline. */
  async text(directory: string, commandArguments: readonly string[], options: GitOptions = {}): Promise<string> {
    return (await this.run(directory, commandArguments, options)).stdout.toString('utf8').replace(/\n$/, '');
  }

  /** Runs another program in `directory`, by its absolute path, as git is run: in its turn, without a shell. */
  async runProgram(
    directory: string,
    argv: readonly [program: string, ...parameters: string[]],
    { input, signal }: Pick<GitOptions, 'input' | 'signal'> = {},
  ): Promise<ProcessResult> {
    const environment = { PATH: foldersOnPath(process.env).join(delimiter), LC_ALL: 'C' };
    const result = await this.#pool.run(
      async () => await this.#runProcess(argv, { cwd: directory, environment, input, signal }),
      signal,
    );
    if (result.failure === 'cancelled') throw cancelledError();
    return result;
  }

  /**
   * To be called before files at a path are looked at that lie outside of the store.
   * @throws DISK_UNREACHABLE where the disk of another machine or of a program does not answer
   */
  async requireDisk(path: string): Promise<void> {
    if (await this.#disks.answers(path)) return;
    throw new CorralError(
      'DISK_UNREACHABLE',
      l10n.t('The disk of {path} does not answer. Connect it again, or wait, and try again.', { path }),
    );
  }

  /** The settings that keep programs of the repository's configuration from running, as of now. */
  async readFilters(directory: string, signal?: AbortSignal): Promise<readonly Setting[]> {
    return await this.#readFilters(await this.#knownProgram(), directory, { signal });
  }

  async #knownProgram(): Promise<string> {
    this.#program ??= this.#findProgram();
    return await this.#program.catch((error: unknown) => {
      this.#program = undefined; // git may be installed meanwhile
      throw error;
    });
  }

  async #findProgram(): Promise<string> {
    const program = await findGit(this.#configuredProgram);
    const { stdout } = await this.#start(program, process.cwd(), ['--version'], [], { findsWorktree: true });
    const { major, minor } = requireSupportedVersion(program, stdout.toString('utf8'));
    this.#hasConfiguredHooks = major > 2 || minor >= FIRST_MINOR_WITH_HOOKS;
    return program;
  }

  async #settingsFor(
    program: string,
    directory: string,
    command: string,
    options: GitOptions,
  ): Promise<readonly Setting[]> {
    const overrides = needsOverrides(command, this.#hasConfiguredHooks)
      ? (options.filters ?? (await this.#readFilters(program, directory, options)))
      : [];
    return [...OWN_SETTINGS, ...overrides];
  }

  /** Never kept for long, as an agent may write the configuration at any moment. */
  async #readFilters(program: string, directory: string, { environment = {}, signal }: GitOptions): Promise<Setting[]> {
    const listed = await this.#start(program, directory, LIST_PROGRAM_SETTINGS, OWN_SETTINGS, {
      environment,
      signal,
    });
    if (listed.exitCode !== 0 && listed.exitCode !== 1)
      throw gitError('config', listed.exitCode, listed.signal, listed.stderr);
    return overridesOf(listed.stdout);
  }

  async #start(
    program: string,
    directory: string,
    commandArguments: readonly string[],
    settings: readonly Setting[],
    { input, signal, environment, isolation, filterLimitMs, findsWorktree = false }: GitOptions,
  ): Promise<ProcessResult> {
    if (commandArguments.some((argument) => argument.includes('\0')))
      throw new CorralError('INVALID_ARGUMENT', l10n.t('A name with a NUL character cannot be passed to Git.'));
    await this.requireDisk(directory);
    const isShort = SHORT_COMMANDS.has(commandArguments[0] ?? '');
    const timeoutMs = filterLimitMs ?? (isShort ? this.#shortLimitMs : undefined);
    const result = await this.#pool.run(
      async () =>
        await this.#runProcess([program, ...commandArguments], {
          cwd: directory,
          environment: {
            ...gitEnvironment(settings),
            ...(findsWorktree ? {} : { GIT_WORK_TREE: directory }),
            ...isolation,
            ...environment,
          },
          input,
          signal,
          ...(timeoutMs === undefined ? {} : { timeoutMs }),
        }),
      signal,
    );
    if (result.failure === 'notStarted') throw await startError(directory, result.cause);
    if (result.failure === 'cancelled' && result.exitCode !== 0) throw cancelledError();
    if (result.failure === 'timedOut')
      throw filterLimitMs === undefined
        ? new CorralError(
            'GIT_FAILED',
            l10n.t('Git was ended, since it read settings in {directory} for too long.', { directory }),
          )
        : new CorralError('TIMEOUT', l10n.t('Git was ended, since a filter took too long.'));
    return result;
  }
}

async function startError(directory: string, cause: unknown): Promise<CorralError> {
  const folder = await stat(directory).catch(() => undefined);
  if (folder?.isDirectory() !== true)
    return new CorralError('NO_FOLDER', l10n.t('There is no folder {folder}.', { folder: directory }), { cause });
  const reason = messageOf(cause);
  return new CorralError('GIT_NOT_FOUND', l10n.t('Git cannot be started: {reason}', { reason }), { cause });
}
