import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import type { SessionSummary } from '../../../../src/supervisor/api';
import { sessionRow } from '../../../../src/views/sessions/sessionRow';
import { until, SupervisorFixture } from '../supervisorFixture';
import { skip } from '../../../support/skip';

const SESSIONS = 4;
const MAX_AT_ONCE = 3;

interface Started {
  pid: string;
  /** The process that started it: this one, or a runner. */
  parent: string;
  command: string;
  mostAtOnce: number;
}

/** The real git behind a script that notes when it begins and ends. */
describe('the git budget', function () {
  let fixture: SupervisorFixture;
  let folder = '';
  const path = process.env['PATH'] ?? '';
  before(async function () {
    if (process.platform === 'win32') skip(this, 'git is counted by a script, which is no program on Windows');
    folder = await mkdtemp(join(tmpdir(), 'corral-budget-'));
    const git = execFileSync('sh', ['-c', 'command -v git'], { encoding: 'utf8' }).trim();
    const script = `#!/bin/sh\necho "+ $$ $PPID $1" >> '${folder}/log'\n"${git}" "$@"\ncode=$?\necho "- $$ $PPID $1" >> '${folder}/log'\nexit $code\n`;
    await writeFile(join(folder, 'git'), script);
    await chmod(join(folder, 'git'), 0o755);
    process.env['PATH'] = `${folder}${delimiter}${path}`;
    fixture = await SupervisorFixture.create();
  });
  after(async () => {
    process.env['PATH'] = path;
    if (folder === '') return;
    await fixture.end();
    await rm(folder, { recursive: true });
  });

  /** Every git since the last look, with how many of its parent lived at most beside it. */
  async function started(): Promise<Started[]> {
    const lines = (await readFile(join(folder, 'log'), 'utf8').catch(() => ''))
      .split('\n')
      .filter((line) => line !== '');
    await writeFile(join(folder, 'log'), '');
    const living = new Map<string, number>();
    const found: Started[] = [];
    for (const line of lines) {
      const [sign, pid = '', parent = '', command = ''] = line.split(' ');
      const count = (living.get(parent) ?? 0) + (sign === '+' ? 1 : -1);
      living.set(parent, count);
      if (sign === '+') found.push({ pid, parent, command, mostAtOnce: count });
    }
    return found;
  }

  it(`is three processes at once while ${SESSIONS} sessions are made, and none while they are listed or nothing changes`, async () => {
    const window = fixture.window();
    const finished = async (id: string, runs: number): Promise<SessionSummary> =>
      await until(window, id, (session) => session.runs.length === runs && session.status === 'Completed', 'the end');
    const sessions = await Promise.all(
      Array.from(
        { length: SESSIONS },
        async () =>
          await window.createSession({
            repository: fixture.repository.path,
            prompt: 'edit notes.txt hello',
            agent: 'demo',
          }),
      ),
    );
    for (const { id } of sessions) await finished(id, 1);
    const making = await started();
    assert.ok(
      making.some(({ parent }) => parent === String(process.pid)) &&
        making.some(({ parent }) => parent !== String(process.pid)),
    );
    assert.ok(Math.max(...making.map(({ mostAtOnce }) => mostAtOnce)) <= MAX_AT_ONCE);

    for (const session of await window.listSessions()) sessionRow(session, Date.now());
    await window.listSessionHistory(sessions[0]?.id ?? '');
    assert.deepEqual(await started(), [], 'a list that is painted');

    await Promise.all(sessions.map(async ({ id }) => await window.sendMessage(id, 'talk')));
    for (const { id } of sessions) await finished(id, 2);
    assert.deepEqual(await started(), [], 'runs in which nothing changed');

    await fixture.close(window);
    const again = fixture.window();
    await again.whenRecovered();
    await again.inventory();
    assert.deepEqual(await started(), [], 'a start at which there is nothing to do');
  });
});
