import { replaceFile } from '../../storage/journal/durableFile';
import { publishOnce } from '../system/publishedFile';
import type { RunnerClaim } from './protocol';
import type { ProcessIdentity } from '../system/identitySchema';

export type HeldClaim = Extract<RunnerClaim, { state: 'claimed' }>;

/** runner.json as its owner keeps it. */
export class ClaimFile {
  readonly #path: string;
  #claim: HeldClaim;
  #isStale = false;

  private constructor(path: string, claim: HeldClaim) {
    this.#path = path;
    this.#claim = claim;
  }

  /** Claims the run; undefined where someone was first. */
  static async publish(path: string, claim: HeldClaim): Promise<ClaimFile | undefined> {
    return (await publishOnce(path, JSON.stringify(claim))) ? new ClaimFile(path, claim) : undefined;
  }

  get claim(): HeldClaim {
    return this.#claim;
  }

  /** Adds the agent, by which whoever comes after this process can find and end it. */
  async addAgent(agent: ProcessIdentity): Promise<void> {
    this.#claim = { ...this.#claim, agent };
    this.#isStale = true;
    await this.keep();
  }

  /** Writes the file again where that failed before. */
  async keep(): Promise<void> {
    if (!this.#isStale) return;
    try {
      await replaceFile(this.#path, Buffer.from(JSON.stringify(this.#claim)));
      this.#isStale = false;
    } catch {
      // Such as a full disk: this is called again.
    }
  }
}
