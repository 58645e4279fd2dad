import { readdirIfExists } from '../../../common/readdirIfExists';
import { type Aside, foldAside } from '../../../storage/asides';
import { isId } from '../../../storage/ids';
import { JOURNAL_START, readJournal } from '../../../storage/journal/journalReader';
import { numberedEvent } from '../../../storage/journal/numberedEvent';
import type { RunPaths, SessionPaths } from '../../../storage/paths';
import { readBootstrap } from '../../runnerProtocol/bootstrapFile';
import { readClaim } from '../../runnerProtocol/claimFile';
import { runnerLiveness } from '../../runnerProtocol/runnerLiveness';
import { killTree } from '../../system/processTree';
import { CLAIM_LIMIT_MS } from '../runnerLauncher';

/** An answer has few events. Of a journal that is longer only so much is read. */
const MAX_JOURNAL_BYTES = 16 * 1024 * 1024;

/** Reads the questions that were asked beside a session's work. One that has ended is read once. */
export class AsideReader {
  readonly #ended = new Map<string, Aside>();

  /** In the order in which they were asked. What cannot be read is left out. */
  async list(session: SessionPaths): Promise<Aside[]> {
    const ids = (await readdirIfExists(session.asides)).filter(isId);
    const asides = await Promise.all(ids.map(async (id) => await this.#read(session.aside(id), id)));
    return asides
      .filter((aside) => aside !== undefined)
      .sort((a, b) => a.askedAt.localeCompare(b.askedAt) || a.id.localeCompare(b.id));
  }

  async #read(paths: RunPaths, id: string): Promise<Aside | undefined> {
    const known = this.#ended.get(id);
    if (known !== undefined) return known;
    const bootstrap = await readBootstrap(paths).catch(() => undefined);
    if (bootstrap?.aside === undefined) return undefined;
    const asked = { id, agent: bootstrap.agent, ...bootstrap.aside };
    // Before the journal: a runner that is gone has written all that it will.
    const fate = await fateOf(paths, id, asked.askedAt);
    const { records } = await readJournal(paths.events, JOURNAL_START, MAX_JOURNAL_BYTES);
    const told = foldAside(asked, records.map(numberedEvent));
    const aside: Aside =
      told.state === 'answering' && fate !== undefined ? { ...told, state: 'failed', ...fate } : told;
    if (aside.state !== 'answering') this.#ended.set(id, aside);
    return aside;
  }
}

/** Why no answer can come any more, where the journal does not tell; undefined while one may. */
async function fateOf(paths: RunPaths, id: string, askedAt: string): Promise<Pick<Aside, 'reason'> | undefined> {
  const claim = await readClaim(paths).catch(() => undefined);
  if (claim === undefined) return Date.now() - Date.parse(askedAt) > 2 * CLAIM_LIMIT_MS ? { reason: '' } : undefined;
  if (claim.state === 'void') return { reason: claim.reason };
  if ((await runnerLiveness(claim)) !== 'dead') return undefined;
  await killTree({ runId: id, agent: claim.agent });
  return { reason: '' };
}
