import { homedir } from 'node:os';
import * as l10n from '@vscode/l10n';
import { parseJson } from '../../common/lines/jsonLimits';
import { oneLine } from '../../common/oneLine';
import type { ProcessResult, RunProcess } from '../../common/processes/runProcess';
import { CorralError } from '../../storage/errors';
import type { ForgeName } from '../../storage/issueReference';
import { findProgram } from '../agents/discovery';
import { withoutEditor } from '../agents/editorVariables';

/** The forge's own program, and what people call the forge. */
export const FORGE_PROGRAMS: Readonly<Record<ForgeName, { program: string; label: string }>> = {
  github: { program: 'gh', label: 'GitHub' },
  gitlab: { program: 'glab', label: 'GitLab' },
};

const LIMIT_MS = 30_000;
const MAX_OUTPUT_BYTES = 8 * 1024 * 1024;
/** Neither program asks anybody, looks for a newer version of itself, or colours what it prints. */
const QUIET = {
  GH_PROMPT_DISABLED: '1',
  GH_NO_UPDATE_NOTIFIER: '1',
  NO_PROMPT: '1',
  GLAB_CHECK_UPDATE: 'false',
  NO_COLOR: '1',
  CLICOLOR_FORCE: '0',
};

export interface ForgeAnswer {
  /** What was printed, as JSON; undefined where it is none. */
  json: unknown;
  /** Undefined where the program was content. */
  failure: CorralError | undefined;
}

/** The user's own `gh` or `glab`. It runs in the home folder, so that no repository's configuration counts. */
export class ForgeProgram {
  readonly forge: ForgeName;
  /** Absolute. */
  readonly program: string;
  readonly #runProcess: RunProcess;
  readonly #environment: NodeJS.ProcessEnv;

  private constructor(forge: ForgeName, program: string, runProcess: RunProcess, environment: NodeJS.ProcessEnv) {
    this.forge = forge;
    this.program = program;
    this.#runProcess = runProcess;
    this.#environment = environment;
  }

  /** Undefined where it is not installed. */
  static async find(
    forge: ForgeName,
    runProcess: RunProcess,
    environment: NodeJS.ProcessEnv = process.env,
  ): Promise<ForgeProgram | undefined> {
    const found = await findProgram({ program: FORGE_PROGRAMS[forge].program, environment });
    return found === undefined
      ? undefined
      : new ForgeProgram(forge, found.program, runProcess, withoutEditor(environment));
  }

  /** True where the user has signed in to this host, or tried to. A host that it does not know gets no token of it. */
  async knows(host: string, signal?: AbortSignal): Promise<boolean> {
    const { exitCode, stdout, stderr, failure } = await this.#run(['auth', 'status', '--hostname', host], {}, signal);
    if (failure === 'cancelled') throw cancelled();
    const said = `${stdout.toString('utf8')}\n${stderr}`;
    return (
      exitCode === 0 || (exitCode !== undefined && !/not (logged in|found among)|not (been )?authenticated/i.test(said))
    );
  }

  /**
   * The path below which `glab` knows the GitLab of this host, in one of two settings by its version; undefined where
   * there is none.
   */
  async subfolder(host: string, signal?: AbortSignal): Promise<string | undefined> {
    if (this.forge !== 'gitlab') return undefined;
    for (const [setting, isAddress] of [
      ['subfolder', false],
      ['api_host', true],
    ] as const) {
      const { exitCode, stdout } = await this.#run(['config', 'get', setting, '--host', host], {}, signal);
      const value = exitCode === 0 ? stdout.toString('utf8').trim() : '';
      const path = (isAddress ? value.replace(/^(https?:\/\/)?[^/]*/, '') : value).replace(/^\/+|\/+$/g, '');
      if (path !== '') return path;
    }
    return undefined;
  }

  /** Asks the forge's API. The host has to be one that the program knows. */
  async ask(
    host: string,
    parameters: readonly string[],
    signal: AbortSignal | undefined,
    input?: string,
  ): Promise<ForgeAnswer> {
    const result = await this.#run(
      this.forge === 'github' ? ['api', ...parameters] : ['api', '--hostname', host, ...parameters],
      this.forge === 'github' ? { GH_HOST: host } : { GITLAB_HOST: host },
      signal,
      input,
    );
    return {
      json: parseJson(result.stdout.toString('utf8'))?.json,
      failure: failureOf(this.forge, host, result),
    };
  }

  async #run(
    parameters: readonly string[],
    variables: NodeJS.ProcessEnv,
    signal: AbortSignal | undefined,
    input?: string,
  ): Promise<ProcessResult> {
    return await this.#runProcess([this.program, ...parameters], {
      cwd: homedir(),
      environment: { ...this.#environment, ...QUIET, ...variables },
      input,
      signal,
      timeoutMs: LIMIT_MS,
      maxOutputBytes: MAX_OUTPUT_BYTES,
    });
  }
}

/** What to do where the program is not installed. */
export function missingProgram(forge: ForgeName, host: string): CorralError {
  const { program, label } = FORGE_PROGRAMS[forge];
  return new CorralError(
    'FORGE_PROGRAM_MISSING',
    l10n.t('{forge}’s program “{program}” was not found. Install it, and sign in with “{command}”.', {
      forge: label,
      program,
      command: signInCommand(forge, host).join(' '),
    }),
  );
}

/** Program and arguments with which a person signs in, in a terminal. */
export function signInCommand(forge: ForgeName, host: string): string[] {
  return [FORGE_PROGRAMS[forge].program, 'auth', 'login', '--hostname', host];
}

/** The setting by which git asks the program for the user's credentials, after the user's own helpers. */
export function credentialSetting({ program }: ForgeProgram, host: string): [key: string, value: string] {
  const quoted = program.replaceAll('\\', '/').replaceAll("'", "'\\''");
  return [`credential.https://${host}.helper`, `!'${quoted}' auth git-credential`];
}

function cancelled(): CorralError {
  return new CorralError('CANCELLED', l10n.t('It was cancelled.'));
}

/** What a program's end means to a person; undefined where it was content. */
export function failureOf(
  forge: ForgeName,
  host: string,
  { exitCode, failure, stderr }: Pick<ProcessResult, 'exitCode' | 'failure' | 'stderr'>,
): CorralError | undefined {
  if (failure === 'cancelled') return cancelled();
  if (exitCode === 0 && failure === undefined) return undefined;
  const { program, label } = FORGE_PROGRAMS[forge];
  const reason = oneLine(stderr.replace(/^(gh|glab): /, ''));
  if (failure === 'notStarted') return missingProgram(forge, host);
  if (
    failure === 'timedOut' ||
    /dial tcp|error connecting|lookup |no such host|timeout|unreachable|x509|TLS/i.test(reason)
  )
    return new CorralError(
      'FORGE_UNREACHABLE',
      l10n.t('{host} cannot be reached. Look at your connection and try again. ({program}: {reason})', {
        host,
        program,
        reason: failure === 'timedOut' ? l10n.t('no answer in 30 seconds') : reason,
      }),
    );
  if (/rate limit|HTTP 429|429 Too Many/i.test(reason))
    return new CorralError(
      'FORGE_LIMIT',
      l10n.t('{forge} lets you ask only so often, and that is used up. Try again later. ({reason})', {
        forge: label,
        reason,
      }),
    );
  if (exitCode === 4 || /HTTP 401|401 Unauthorized|auth login|not (logged in|authenticated)/i.test(reason))
    return new CorralError(
      'FORGE_SIGNED_OUT',
      l10n.t('You are not signed in to {host}. Run “{command}” in a terminal and try again.', {
        host,
        command: signInCommand(forge, host).join(' '),
      }),
    );
  return new CorralError(
    'FORGE_FAILED',
    l10n.t('{program} failed: {reason}', { program, reason: reason === '' ? `exit code ${String(exitCode)}` : reason }),
  );
}
