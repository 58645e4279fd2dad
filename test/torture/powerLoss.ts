/**
 * Power loss: a load runs once while every file change and sync is recorded.
 * Then the store is rebuilt as a power loss at many moments of it could have left it.
 */
import assert from 'node:assert/strict';
import { appendFile, chmod, mkdir, mkdtemp, readdir, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as v from 'valibot';
import { isId } from '../../src/storage/ids';
import { JOURNAL_START, readJournal } from '../../src/storage/journal/journalReader';
import { parseSessionRecord } from '../../src/storage/sessionRecords';
import { StorePaths } from '../../src/storage/paths';
import { liveness } from '../../src/supervisor/system/identity';
import { readClaim } from '../../src/supervisor/runnerProtocol/claimFile';
import { Supervisor } from '../../src/supervisor/supervisor';
import { projectRoot } from '../support/project';
import { waitFor } from '../support/wait';
import { DiskState } from './crashImage';
import { fileOperationSchema } from './fileOperations';
import type { FileOperation } from './fileOperations';
import { checkDatabases, digestOf, readRuns } from './journals';
import { loadArguments } from './load';
import type { Scenario } from './scenario';
import { TortureFixture } from './tortureFixture';

const SESSIONS = 3;
const LINES = 1_500;
const RECORDER = join(projectRoot, 'out/torture/fileRecorder.js');

/** A Node that records its file operations. Runners get no NODE_OPTIONS, so it is a program of its own. */
async function recordingNode(folder: string): Promise<string> {
  const path = join(folder, 'node');
  await writeFile(path, `#!/bin/sh\nexec '${process.execPath}' --require '${RECORDER}' "$@"\n`);
  await chmod(path, 0o700);
  return path;
}

/** Runs the load to its end. Resolves with every file operation in order, and with what was promised between them. */
async function record(fixture: TortureFixture, folder: string): Promise<FileOperation[]> {
  const log = join(folder, 'log');
  const promise = async (sessionId: string, more: { title?: string; exitedRunId?: string }): Promise<void> =>
    await appendFile(log, `${JSON.stringify({ operation: 'promise', sessionId, ...more })}\n`);
  process.env['CORRAL_TORTURE_ROOT'] = fixture.paths.root;
  process.env['CORRAL_TORTURE_FILES'] = folder;
  try {
    const window = fixture.open({ runnerNode: await recordingNode(folder), checkpointEveryMs: 150 }, [RECORDER]);
    await window.recovered;
    for (let session = 0; session < SESSIONS; session++) {
      const sessionId = await window.call({
        method: 'create',
        repository: fixture.repository.path,
        argv: loadArguments(LINES),
      });
      await promise(sessionId, {});
    }
    const exited = new Set<string>();
    for (let turn = 0; exited.size < SESSIONS; turn++) {
      for (const sessionId of await fixture.sessionIds()) {
        const title = `Title ${turn}`;
        await window.call({ method: 'rename', sessionId, title });
        await promise(sessionId, { title });
        await window.call({ method: 'history', sessionId });
        for (const [runId, { hasExited }] of await readRuns(fixture.paths, sessionId)) {
          const claim = await readClaim(fixture.paths.session(sessionId).run(runId));
          if (
            !hasExited ||
            exited.has(runId) ||
            claim?.state !== 'claimed' ||
            (await liveness(claim.runner)) !== 'dead'
          )
            continue;
          exited.add(runId);
          await promise(sessionId, { exitedRunId: runId });
        }
      }
    }
    await waitFor(() => fixture.receivedCount > 0, { what: 'the events' });
    await window.close();
  } finally {
    delete process.env['CORRAL_TORTURE_ROOT'];
    delete process.env['CORRAL_TORTURE_FILES'];
  }
  const lines = (await readFile(log, 'utf8')).trimEnd().split('\n');
  return lines.map((line) => v.parse(fileOperationSchema, JSON.parse(line)));
}

async function checkTitles(image: StorePaths, sessionId: string, state: DiskState): Promise<void> {
  const { records, damaged } = await readJournal(
    image.session(sessionId).journal,
    JOURNAL_START,
    Number.MAX_SAFE_INTEGER,
  );
  assert.equal(damaged, 0);
  const titles = records.flatMap(({ kind, data }) => {
    const record = parseSessionRecord(kind, data);
    return record?.kind === 'renamed' || record?.kind === 'created' ? record.data.title : [];
  });
  for (const promised of state.promises) {
    if (promised.sessionId !== sessionId) continue;
    assert.ok(titles.length > 0, `session ${sessionId} was made and is lost`);
    if (promised.title !== undefined)
      assert.ok(titles.includes(promised.title), `${promised.title} was given and is lost`);
  }
}

/** @throws if a complete line of a run's journal was synced and is not in the image */
async function checkSynced(root: string, image: StorePaths, state: DiskState, folder: string): Promise<void> {
  for (const { path, file, bytes } of state.syncedFiles()) {
    // A record of session.jsonl must last once the call that wrote it has returned: the promises check that.
    if (!path.endsWith('events.jsonl')) continue;
    const synced = (await readFile(join(folder, String(file)))).subarray(0, bytes);
    const complete = synced.subarray(0, synced.lastIndexOf('\n') + 1);
    const found = await readFile(image.root + path.slice(root.length)).catch(() => Buffer.alloc(0));
    assert.ok(found.subarray(0, complete.length).equals(complete), `synced records of ${path} are lost`);
  }
}

/**
 * Resolves with the number of events.
 * @throws if the store lacks something that was promised, or its index differs from its journals
 */
async function checkImage(image: StorePaths, state: DiskState): Promise<number> {
  await checkDatabases(image);
  // It starts nothing, or a queued run would begin now and its journal would grow while it is compared.
  const supervisor = new Supervisor({
    storageDirectory: image.root,
    bundles: join(projectRoot, 'dist'),
    autoRecover: false,
    isTrusted: () => false,
  });
  let count = 0;
  try {
    await supervisor.whenReady();
    const sessionIds = (await readdir(image.sessions)).filter(isId);
    for (const { sessionId } of state.promises)
      assert.ok(sessionIds.includes(sessionId), `session ${sessionId} was made and is lost`);
    const listed = await waitFor(
      async () => {
        const sessions = await supervisor.listSessions();
        const known = new Set(sessions.map(({ id }) => id));
        return state.promises.every(({ sessionId }) => known.has(sessionId)) && sessions;
      },
      { what: 'every promised session in the list' },
    );
    for (const { id } of listed) {
      await checkTitles(image, id, state);
      const runs = await readRuns(image, id);
      for (const { sessionId, exitedRunId } of state.promises)
        if (sessionId === id && exitedRunId !== undefined)
          assert.ok(runs.get(exitedRunId)?.hasExited, `run ${exitedRunId} had ended and its end is lost`);
      for (const [runId, journal] of runs) {
        const page = await supervisor.listSessionHistory(id, { runId, limit: 1_000 });
        assert.deepEqual(
          page.events.map((event) => ({ runId, seq: event.seq, digest: digestOf(event) })),
          journal.events.slice(0, 1_000),
          'the index is not what the journals say',
        );
        assert.equal(page.next === undefined, journal.events.length < 1_000);
        count += journal.events.length;
      }
    }
  } finally {
    await supervisor.close();
  }
  return count;
}

export const powerLoss: Scenario = async ({ random, rounds, say }) => {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'corral-torture-files-')));
  const fixture = await TortureFixture.create();
  let events = 0;
  try {
    const operations = await record(fixture, folder);
    await fixture.checkNoProcessLeft();
    for (let round = 1; round <= rounds; round++) {
      const moment = 1 + random.below(operations.length);
      const state = new DiskState(operations, moment);
      const image = new StorePaths(join(folder, 'image'));
      await mkdir(image.root);
      await state.write(fixture.paths.root, image.root, folder, random);
      try {
        await checkSynced(fixture.paths.root, image, state, folder);
        events += await checkImage(image, state);
      } catch (error) {
        throw new Error(`After operation ${moment} of ${operations.length}`, { cause: error });
      }
      await rm(image.root, { recursive: true });
      if (round % 50 === 0) say(`${round} of ${rounds} power losses`);
    }
    return `${rounds} power losses at moments of ${operations.length} operations on files, ${events} events found again: nothing synced or promised was lost, every store opened, every index matched its journals`;
  } finally {
    await fixture.remove();
    await rm(folder, { recursive: true, force: true });
  }
};
