/** A store with the sessions of many hosts: most have ended and were copied, some wait to be started. */
import { randomBytes } from 'node:crypto';
import { link, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { mapLimited } from '../../src/common/mapLimited';
import { newId } from '../../src/storage/ids';
import { encodeRecord } from '../../src/storage/journal/journalRecord';
import type { StorePaths } from '../../src/storage/paths';
import type { DraftSessionRecord } from '../../src/storage/sessionRecords';
import type { HostRun } from '../../src/supervisor/hostProtocol/sessionRequests';
import { PROTOCOL_VERSION } from '../../src/supervisor/runnerProtocol/protocol';

const FILES_AT_ONCE = 16;
const BASE_COMMIT = 'a'.repeat(40);
const EVENTS_PER_ENDED_RUN = 12;

export interface StoreSize {
  hosts: readonly string[];
  sessions: number;
  /** Of them, so many have a run that is not over. */
  running: number;
}

/** Answers with the ids of the sessions that run. */
export async function fillStore(paths: StorePaths, { hosts, sessions, running }: StoreSize): Promise<string[]> {
  await mkdir(paths.sessions, { recursive: true, mode: 0o700 });
  const endedJournal = join(paths.root, 'ended.jsonl');
  await writeFile(endedJournal, endedRun());
  const runningIds: string[] = [];
  const firstMs = Date.now() - sessions * 1_000;
  const numbers = Array.from({ length: sessions }, (_, number) => number);
  await mapLimited(numbers, FILES_AT_ONCE, async (number) => {
    const [sessionId, runId] = [newId(), newId()];
    const session = paths.session(sessionId);
    const run = session.run(runId);
    const host = hosts[number % hosts.length] ?? '';
    await mkdir(run.root, { recursive: true });
    await writeFile(session.journal, sessionJournal(host, runId, new Date(firstMs + number * 1_000)));
    if (number < sessions - running) {
      await link(endedJournal, run.events);
      await writeFile(run.mirrored, '');
    } else {
      runningIds.push(sessionId);
      await writeFile(run.hostRun, JSON.stringify({ run: hostRun(sessionId, runId), agent: { name: 'command' } }));
    }
  });
  return runningIds;
}

function sessionJournal(host: string, runId: string, createdAt: Date): Buffer {
  const records: DraftSessionRecord[] = [
    {
      kind: 'created.remote',
      data: {
        title: `Work on ${host}`,
        prompt: 'Do it',
        agent: 'command',
        repository: '/repository',
        baseCommit: BASE_COMMIT,
        worktreePath: '',
        permissionMode: 'edits',
        host: { name: host, kind: 'exec', machineId: host },
      },
    },
    { kind: 'worktree.created.remote', data: { path: '/simulated/worktree', repository: '/simulated/repository' } },
    { kind: 'run.queued.remote', data: { runId, ordinal: 1, prompt: 'Do it' } },
  ];
  const timestamp = createdAt.toISOString();
  return Buffer.concat(records.map((record, index) => encodeRecord({ seq: index + 1, timestamp, ...record })));
}

function hostRun(sessionId: string, runId: string): HostRun {
  return {
    protocol: PROTOCOL_VERSION,
    sessionId,
    runId,
    ordinal: 1,
    agent: 'command',
    prompt: 'Do it',
    permissionMode: 'edits',
    nonce: randomBytes(32).toString('hex'),
    tsFloor: new Date().toISOString(),
    stopGraceMs: 1_000,
    syncEveryEvent: false,
  };
}

function endedRun(): Buffer {
  const timestamp = new Date(0).toISOString();
  const started = { ordinal: 1, agent: 'command', driver: 'command', argv: ['agent'], cwd: '/simulated' };
  const lines = [encodeRecord({ seq: 1, timestamp, kind: 'run.started', data: started })];
  for (let seq = 2; seq < EVENTS_PER_ENDED_RUN; seq++) {
    const data = { role: 'assistant', text: `What it said as number ${String(seq)}.` };
    lines.push(encodeRecord({ seq, timestamp, kind: 'message', data }));
  }
  const exited = { outcome: 'completed', exitCode: 0, signal: null, reason: 'Completed' };
  lines.push(encodeRecord({ seq: EVENTS_PER_ENDED_RUN, timestamp, kind: 'run.exited', data: exited }));
  return Buffer.concat(lines);
}
