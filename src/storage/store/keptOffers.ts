import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import * as v from 'valibot';
import { ifExists } from '../../common/ifExists';
import { parseJson } from '../../common/lines/jsonLimits';
import { readdirIfExists } from '../../common/readdirIfExists';
import { agentOffersSchema, fittingOffers, type AgentOffers, type ToldOffers } from '../agentOffers';
import { makeDirectory, replaceFile, TEMPORARY_SUFFIX } from '../journal/durableFile';
import { StorePaths } from '../paths';

const NOTHING: AgentOffers = { models: [], commands: [] };

/** The run of an agent, as its run.json has it. */
interface OffersRun {
  storeRoot: string;
  agent: string;
  worktree?: { repository: string } | undefined;
  cwd: string;
}

/** Keeps what an agent tells of its offers in a run, for whoever writes to it next. */
export class OffersKeeper {
  readonly #path: string;
  #kept: AgentOffers | undefined;
  /** Settles when all that was told so far is kept, or could not be. */
  written: Promise<void> = Promise.resolve();

  constructor({ storeRoot, agent, worktree, cwd }: OffersRun) {
    this.#path = offersPath(new StorePaths(storeRoot), agent, worktree?.repository ?? cwd);
  }

  /** A list that is not given stays as it is known. */
  take(told: ToldOffers): void {
    this.written = this.written.then(async () => await this.#keep(told)).catch(() => undefined); // told anew next time
  }

  async #keep(told: ToldOffers): Promise<void> {
    const before = this.#kept ?? (await readOffersFile(this.#path));
    const offers = { ...NOTHING, ...before, ...fittingOffers(told) };
    const content = JSON.stringify(offers);
    if (content !== JSON.stringify(before)) {
      await makeDirectory(dirname(this.#path));
      await replaceFile(this.#path, Buffer.from(content));
    }
    this.#kept = offers;
  }
}

/** What the agent told last in this repository, else its models as it told them last in any. */
export async function readOffers(paths: StorePaths, agent: string, repository: string): Promise<AgentOffers> {
  const path = offersPath(paths, agent, repository);
  const here = await readOffersFile(path);
  if (here !== undefined) return here;
  const names = (await readdirIfExists(dirname(path))).filter((name) => !name.endsWith(TEMPORARY_SUFFIX));
  const files = await Promise.all(
    names.map(async (name) => {
      const file = join(dirname(path), name);
      return { file, changedMs: (await ifExists(stat(file)))?.mtimeMs ?? 0 };
    }),
  );
  const [newest] = files.sort((one, other) => other.changedMs - one.changedMs);
  const elsewhere = newest === undefined ? undefined : await readOffersFile(newest.file);
  return { ...NOTHING, models: elsewhere?.models ?? [] };
}

/** A damaged file counts as none. */
async function readOffersFile(path: string): Promise<AgentOffers | undefined> {
  const text = await ifExists(readFile(path, 'utf8'));
  if (text === undefined) return undefined;
  const parsed = v.safeParse(agentOffersSchema, parseJson(text)?.json);
  return parsed.success ? parsed.output : undefined;
}

function offersPath(paths: StorePaths, agent: string, repository: string): string {
  return join(paths.offers, keyOf(agent), keyOf(repository));
}

const keyOf = (name: string): string => createHash('sha256').update(name).digest('hex');
