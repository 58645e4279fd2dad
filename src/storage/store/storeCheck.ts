/** Checks whether everything in the store is as it was written. */
import { createHash } from 'node:crypto';
import { readdir, unlink } from 'node:fs/promises';
import * as l10n from '@vscode/l10n';
import { isIntact } from '../database/checkpoint';
import { listRunIds } from '../journal/sessionJournalReader';
import { hasCode, messageOf } from '../../common/errors';
import { openRegular } from '../../common/disks/regularFile';
import { parseDraft } from '../events';
import { isId } from '../ids';
import type { JournalStep } from '../journal/journalReader';
import { JOURNAL_START, readJournal } from '../journal/journalReader';
import type { JournalRecord } from '../journal/journalRecord';
import type { RunPaths, SessionPaths, StorePaths } from '../paths';
import type { AttachmentReference } from '../attachments';
import { parseSessionRecord } from '../sessionRecords';

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
  /** Attachments of which several records tell. */
  readonly #checked = new Set<string>();

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
      await this.#journal(session.journal, async ({ kind, seq, data }) => {
        const record = parseSessionRecord(kind, data)?.data;
        if (record !== undefined && 'attachments' in record)
          await this.#attachmentsOf(session, seq, record.attachments);
      });
      const runIds = await listRunIds(session).catch((error: unknown) => {
        this.#reportUnreadable(session.runs, error);
        return [];
      });
      for (const runId of runIds) {
        const run = session.run(runId);
        await this.#journal(run.events, async (record) => {
          await this.#blobsOf(run, record);
          const data = parseDraft(record.kind, record.data)?.data;
          if (data !== undefined && 'attachments' in data)
            await this.#attachmentsOf(session, record.seq, data.attachments);
        });
      }
      await this.#database(session.timeline);
      this.report.sessions++;
      this.#options.onSession?.(this.report.sessions, sessionIds.length);
    }
    return this.report;
  }

  async #journal(path: string, look: (record: JournalRecord) => Promise<void>): Promise<void> {
    let damaged = 0;
    let lastSeq = 0;
    let missing = 0;
    try {
      let step: JournalStep | undefined;
      do {
        this.#options.signal?.throwIfAborted();
        step = await readJournal(path, step?.position ?? JOURNAL_START, STEP_BYTES);
        damaged += step.damaged;
        for (const record of step.records) {
          missing += Math.max(0, record.seq - lastSeq - 1);
          lastSeq = Math.max(lastSeq, record.seq);
          await look(record);
        }
        this.report.records += step.records.length;
      } while (!step.atEnd);
    } catch (error) {
      this.#options.signal?.throwIfAborted();
      this.#reportUnreadable(path, error);
      return;
    }
    if (damaged > 0)
      this.report.findings.push(
        l10n.t('Damaged lines in {path}: {damaged}. Missing records: {missing}.', { path, damaged, missing }),
      );
    else if (missing > 0) this.report.findings.push(l10n.t('Missing records in {path}: {missing}.', { path, missing }));
  }

  async #blobsOf(run: RunPaths, record: JournalRecord): Promise<void> {
    for (const { sha256 } of Object.values(parseDraft(record.kind, record.data)?.data.blobs ?? {})) {
      this.report.blobs++;
      await this.#file(run.blob(sha256), sha256, record.seq);
    }
  }

  async #attachmentsOf(session: SessionPaths, seq: number, attachments: AttachmentReference[] = []): Promise<void> {
    for (const { id, sha256 } of attachments) {
      const path = session.attachment(id);
      if (this.#checked.has(path)) continue;
      this.#checked.add(path);
      await this.#file(path, sha256, seq);
    }
  }

  async #file(path: string, sha256: string, seq: number): Promise<void> {
    try {
      const hash = createHash('sha256');
      const file = await openRegular(path);
      for await (const chunk of file.createReadStream()) hash.update(chunk as Buffer);
      if (hash.digest('hex') !== sha256)
        this.report.findings.push(l10n.t('{path} is damaged. Event {seq} refers to it.', { path, seq }));
    } catch (error) {
      if (hasCode(error, 'ENOENT'))
        this.report.findings.push(l10n.t('{path} is missing. Event {seq} refers to it.', { path, seq }));
      else this.#reportUnreadable(path, error);
    }
  }

  async #database(path: string): Promise<void> {
    let isSound: boolean;
    try {
      isSound = await isIntact(path);
    } catch (error) {
      if (!hasCode(error, 'ENOENT')) this.#reportUnreadable(path, error);
      return;
    }
    this.report.databases++;
    if (isSound) return;
    if (this.#options.readOnly) {
      this.report.findings.push(l10n.t('{path} is damaged and is not used.', { path }));
      return;
    }
    await unlink(path);
    this.report.rebuilt++;
    this.report.findings.push(
      l10n.t('{path} was damaged. It was removed and is built again from the journals.', { path }),
    );
  }

  #reportUnreadable(path: string, error: unknown): void {
    this.report.findings.push(l10n.t('{path} cannot be read: {reason}', { path, reason: messageOf(error) }));
  }
}

/** Checks every journal, blob and database, and removes damaged databases. Throws once `signal` is aborted. */
export async function checkStore(paths: StorePaths, options: StoreCheckOptions): Promise<StoreReport> {
  return await new StoreCheck(paths, options).run();
}
