import { readdir, stat } from 'node:fs/promises';
import { isDeepStrictEqual } from 'node:util';
import * as l10n from '@vscode/l10n';
import * as v from 'valibot';
import { hasCode } from '../../common/errors';
import { ifExists } from '../../common/ifExists';
import { CorralError } from '../../storage/errors';
import type { RunPaths } from '../../storage/paths';
import { ownIdentity } from '../system/identity';
import type { ProcessIdentity } from '../system/identitySchema';
import { publishOnce, readPublished, replacePublished } from '../../storage/journal/publishedFile';
import type { SocketFile } from '../system/socketEvidence';
import { claimSchema, type RunnerClaim } from './protocol';

export type HeldClaim = Extract<RunnerClaim, { state: 'claimed' }>;

/** This process's runner.json. */
export class ClaimFile {
  readonly #path: string;
  #claim: HeldClaim;
  #isStale = false;

  private constructor(path: string, claim: HeldClaim) {
    this.#path = path;
    this.#claim = claim;
  }

  /** Claims the run; undefined where another process has claimed it. */
  static async publish(path: string, claim: HeldClaim): Promise<ClaimFile | undefined> {
    return (await publishOnce(path, JSON.stringify(claim))) ? new ClaimFile(path, claim) : undefined;
  }

  get claim(): HeldClaim {
    return this.#claim;
  }

  /** Adds the agent, so that another process can find and end it after this one died. */
  async addAgent(agent: ProcessIdentity): Promise<void> {
    await this.#change({ agent });
  }

  /** Adds what the setup command left running, so that it can be found when the worktree is torn down. */
  async addServers(servers: ProcessIdentity[]): Promise<void> {
    await this.#change({ servers });
  }

  /** Tells the file of a socket that was made anew. */
  async setSocket(socket: SocketFile | undefined): Promise<void> {
    if (socket === undefined || isDeepStrictEqual(socket, this.#claim.socket)) return;
    await this.#change({ socket });
  }

  async #change(changes: Partial<HeldClaim>): Promise<void> {
    this.#claim = { ...this.#claim, ...changes };
    this.#isStale = true;
    await this.keep();
  }

  /** Writes the file again where that failed before. */
  async keep(): Promise<void> {
    if (!this.#isStale) return;
    try {
      await replacePublished(this.#path, JSON.stringify(this.#claim));
      this.#isStale = false;
    } catch {
      // Such as on a full disk; the runner calls this again.
    }
  }
}

/**
 * Claims the run for nobody, by a number above all others, since a person marked it as gone. Its runner gives up as
 * soon as it sees that.
 */
export async function publishGoneClaim(run: RunPaths): Promise<void> {
  const content = JSON.stringify({ state: 'gone', by: await ownIdentity() });
  for (;;) {
    const numbers = (await readdir(run.root)).map((name) => Number(/^runner\.(\d+)\.json$/.exec(name)?.[1] ?? 1));
    if (await publishOnce(run.laterClaim(Math.max(1, ...numbers) + 1), content)) return;
  }
}

/** True where a person marked the run as gone, so that its runner may write nothing more. */
export async function isGivenUp(run: RunPaths): Promise<boolean> {
  return (await ifExists(stat(run.laterClaim(2)))) !== undefined;
}

/** Gives the run up, so that a runner that comes late ends at once. False where the run is claimed already. */
export async function publishVoidClaim(run: RunPaths, reason: string): Promise<boolean> {
  const claim: RunnerClaim = { state: 'void', by: await ownIdentity(), reason };
  return publishOnce(run.claim, JSON.stringify(claim));
}

/**
 * The claim on the run; undefined while there is none.
 * @throws CorralError RUNNER_TOO_OLD where another version of Corral wrote it in a form that this one does not know
 */
export async function readClaim(run: RunPaths): Promise<RunnerClaim | undefined> {
  let text: string;
  try {
    text = await readPublished(run.claim);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    // A power loss can leave the name without its content; no runner survives that.
    return { state: 'void', by: await ownIdentity(), reason: 'runner.json is damaged' };
  }
  const claim = v.safeParse(claimSchema, content);
  if (!claim.success)
    throw new CorralError(
      'RUNNER_TOO_OLD',
      l10n.t('{path} was written by another version of Corral.', { path: run.claim }),
    );
  return claim.output;
}
