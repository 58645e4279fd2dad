/** Checks whether everything in the store is as it was written. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, unlink } from 'node:fs/promises';
import { isIntact } from '../database/checkpoint';
import { listRunIds } from '../journal/sessionJournalReader';
import { hasCode, messageOf } from '../../common/errors';
import { parseDraft } from '../events';
import { isId } from '../ids';
import type { JournalStep } from '../journal/journalReader';
import { JOURNAL_START, readJournal } from '../journal/journalReader';
import type { JournalRecord } from '../journal/journalRecord';
import type { RunPaths, StorePaths } from '../paths';

export interface StoreReport {
  sessions: number;
  records: number;
  blobs: number;
  databases: number;
  /** Sentences, each of which names a file. */
  findings: string[];
  /** Damaged databases that were removed, to be built again from the journals. */
  rebuilt: number;
}

export interface StoreCheckOptions {
  /** Damaged databases are kept. */
  readOnly: boolean;
  signal?: AbortSignal | undefined;
  onSession?: (checked: number, all: number) => void;
}

const STEP_BYTES = 1024 * 1024;

class StoreCheck {
  readonly report: StoreReport = { sessions: 0, records: 0, blobs: 0, databases: 0, findings: [], rebuilt: 0 };
  readonly #paths: StorePaths;
  readonly #options: StoreCheckOptions;

  constructor(paths: StorePaths, options: StoreCheckOptions) {
    this.#paths = paths;
    this.#options = options;
  }

  async run(): Promise<StoreReport> {
    await this.#database(this.#paths.catalog);
    const sessionIds = (await readdir(this.#paths.sessions)).filter(isId).sort();
    for (const sessionId of sessionIds) {
      this.#options.signal?.throwIfAborted();
      const session = this.#paths.session(sessionId);
      await this.#journal(session.journal, () => Promise.resolve());
      for (const runId of await listRunIds(session)) {
        const run = session.run(runId);
        await this.#journal(run.events, async (record) => {
          await this.#blobsOf(run, record);
        });
      }
      await this.#database(session.timeline);
      this.#options.onSession?.(++this.report.sessions, sessionIds.length);
    }
    return this.report;
  }

  async #journal(path: string, look: (record: JournalRecord) => Promise<void>): Promise<void> {
    let damaged = 0;
    let lastSeq = 0;
    let lost = 0;
    try {
      let step: JournalStep | undefined;
      do {
        this.#options.signal?.throwIfAborted();
        step = await readJournal(path, step?.position ?? JOURNAL_START, STEP_BYTES);
        damaged += step.damaged;
        for (const record of step.records) {
          lost += Math.max(0, record.seq - lastSeq - 1);
          lastSeq = Math.max(lastSeq, record.seq);
          await look(record);
        }
        this.report.records += step.records.length;
      } while (!step.atEnd);
    } catch (error) {
      this.#options.signal?.throwIfAborted();
      this.report.findings.push(`${path} cannot be read: ${messageOf(error)}`);
      return;
    }
    if (damaged > 0)
      this.report.findings.push(
        `${path} has ${damaged} damaged ${damaged === 1 ? 'line' : 'lines'}; ${lost} ${lost === 1 ? 'record is' : 'records are'} missing.`,
      );
    else if (lost > 0) this.report.findings.push(`${path} lacks ${lost} ${lost === 1 ? 'record' : 'records'}.`);
  }

  async #blobsOf(run: RunPaths, record: JournalRecord): Promise<void> {
    for (const { sha256 } of Object.values(parseDraft(record.kind, record.data)?.data.blobs ?? {})) {
      const path = run.blob(sha256);
      this.report.blobs++;
      try {
        const hash = createHash('sha256');
        for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
        if (hash.digest('hex') !== sha256)
          this.report.findings.push(`${path} is not what event ${record.seq} refers to.`);
      } catch (error) {
        this.report.findings.push(
          hasCode(error, 'ENOENT')
            ? `${path}, which event ${record.seq} refers to, is missing.`
            : `${path} cannot be read: ${messageOf(error)}`,
        );
      }
    }
  }

  async #database(path: string): Promise<void> {
    let isSound: boolean;
    try {
      isSound = await isIntact(path);
    } catch (error) {
      if (!hasCode(error, 'ENOENT')) this.report.findings.push(`${path} cannot be read: ${messageOf(error)}`);
      return;
    }
    this.report.databases++;
    if (isSound) return;
    if (this.#options.readOnly) {
      this.report.findings.push(`${path} is damaged and is not used.`);
      return;
    }
    await unlink(path);
    this.report.rebuilt++;
    this.report.findings.push(`${path} was damaged. It was removed, and is made again from the journals.`);
  }
}

/** Checks every journal, blob and database, and removes damaged databases. Throws once `signal` is aborted. */
export async function checkStore(paths: StorePaths, options: StoreCheckOptions): Promise<StoreReport> {
  return await new StoreCheck(paths, options).run();
}
