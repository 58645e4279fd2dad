import assert from 'node:assert/strict';
import { appendFile, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, it } from 'mocha';
import type { SessionSummary } from '../../../../../src/supervisor/api';
import { parseAgentSettings } from '../../../../../src/supervisor/agents/agentRegistry';
import type { Supervisor } from '../../../../../src/supervisor/supervisor';
import { parseHostSettings } from '../../../../../src/supervisor/hosts/hostSettings';
import { CuttableHost } from '../../../../support/hosts/cuttableHost';
import { projectRoot } from '../../../../support/project';
import { describeIf } from '../../../../support/skip';
import { assistant, ClaudeHome, user } from '../../imports/claudeHome';
import { until } from '../../supervisorFixture';
import { type RemoteFixture, useRemote } from './remoteFixture';

/** The demo agent keeps no transcript and resumes any session, so the tests write what Claude would have written. */
const agents = parseAgentSettings({
  keeper: { driver: 'claude', path: process.execPath, args: [join(projectRoot, 'dist/demoAgent.js')] },
});
/** A host has the one of its own home folder. */
const WITHOUT_FOLDER = ['env', '-u', 'CLAUDE_CONFIG_DIR'];
const STORY = /This was said so far/;

describeIf(process.platform !== 'win32', 'there is no sh', 'the transcript of an agent whose session moves', () => {
  let fixture: RemoteFixture;
  let window: Supervisor;
  let here: ClaudeHome;
  before(async () => {
    here = await ClaudeHome.create();
    process.env['CLAUDE_CONFIG_DIR'] = here.path; // and not that of a person
  });
  after(async () => {
    delete process.env['CLAUDE_CONFIG_DIR'];
    await here.remove();
  });
  useRemote((made) => void ({ fixture, window } = made), {
    enter: WITHOUT_FOLDER,
    settings: { agents },
  });

  const untilOver = async (id: string, runs: number): Promise<SessionSummary> =>
    await until(window, id, (now) => now.runs.length === runs && now.status === 'Completed', `the end of run ${runs}`);

  async function sessionHere(): Promise<SessionSummary> {
    const { path: repository } = fixture.here.repository;
    const { id } = await window.createSession({ repository, agent: 'keeper', prompt: 'talk All is done.' });
    return await untilOver(id, 1);
  }

  const farPath = async (id: string): Promise<string> =>
    decodeURIComponent(new URL((await window.getSession(id)).worktreeUri ?? '').pathname);

  function fileOf(home: string, folder: string, { nativeSessionId = '' }: SessionSummary): string {
    return join(home, 'projects', folder.replaceAll(/[^A-Za-z0-9]/g, '-'), `${nativeSessionId}.jsonl`);
  }

  /** What Claude would have written of the messages from `first` on. */
  async function linesOf(id: string, first = 0): Promise<object[]> {
    const messages = (await window.getConversation(id)).filter(({ role }) => role !== 'system');
    return messages
      .slice(first)
      .map(({ role, content }, index) =>
        role === 'user' ? user(index, content) : assistant(index, { type: 'text', text: content }, null),
      );
  }

  const textOf = (lines: readonly object[]): string => lines.map((line) => `${JSON.stringify(line)}\n`).join('');

  /** What the last run was asked for. */
  async function asked(id: string): Promise<string | undefined> {
    const { currentRunId } = await window.getSession(id);
    const messages = await window.getConversation(id);
    return messages.find(({ runId, role }) => runId === currentRunId && role === 'user')?.content;
  }

  async function assertTold(id: string): Promise<void> {
    await window.sendMessage(id, 'talk Go on');
    assert.match(await fixture.eventWith(window, id, 'talk Go on'), STORY);
    await window.kill(id);
  }

  it('goes to the host, comes back longer, and goes there again: nothing is told anew', async () => {
    const first = await sessionHere();
    const { id, worktreePath, nativeSessionId } = first;
    const written = await here.write(worktreePath, nativeSessionId ?? '', await linesOf(id));
    await window.moveToHost(id, 'far');
    assert.equal((await window.getSession(id)).nativeSessionId, nativeSessionId);
    const there = fileOf(join(fixture.home, '.claude'), await farPath(id), first);
    assert.equal(await readFile(there, 'utf8'), await readFile(written, 'utf8'));
    assert.equal((await stat(there)).mode & 0o777, 0o600);
    await window.sendMessage(id, 'talk One more');
    await untilOver(id, 2);
    assert.equal(await asked(id), 'talk One more');
    const known = (await linesOf(id)).length;
    await appendFile(there, textOf(await linesOf(id, known - 2)));

    await window.continueHere(id);
    assert.equal((await window.getSession(id)).nativeSessionId, nativeSessionId);
    assert.equal(await readFile(written, 'utf8'), await readFile(there, 'utf8'));
    await window.sendMessage(id, 'talk And one here');
    await untilOver(id, 3);
    assert.equal(await asked(id), 'talk And one here');
    await appendFile(written, textOf(await linesOf(id, known)));

    await window.moveToHost(id, 'far');
    assert.equal(await readFile(there, 'utf8'), await readFile(written, 'utf8'));
    await fixture.here.close(window);
    window = fixture.window({ agents });
    await window.sendMessage(id, 'talk The last one');
    await untilOver(id, 4);
    assert.equal(await asked(id), 'talk The last one');
  });

  it('goes from one host to another, and home from there', async () => {
    const other = await CuttableHost.create();
    const { exec, ...more } = other.setting;
    const farther = { ...more, exec: [...WITHOUT_FOLDER, ...exec] };
    await fixture.here.close(window);
    window = fixture.window({ agents, hosts: parseHostSettings({ ...fixture.hosts, farther }) });
    try {
      const first = await sessionHere();
      const { id, worktreePath, nativeSessionId } = first;
      const large = { type: 'attachment', text: 'ä'.repeat(3 << 20) }; // does not fit into the link at once
      const written = await here.write(worktreePath, nativeSessionId ?? '', [large, ...(await linesOf(id)), large]);
      await window.moveToHost(id, 'far');
      const there = fileOf(join(fixture.home, '.claude'), await farPath(id), first);
      await window.sendMessage(id, 'talk One more');
      await untilOver(id, 2);
      await appendFile(there, textOf(await linesOf(id, 2)));
      await window.moveToHost(id, 'farther');
      const last = fileOf(join(other.home, '.claude'), await farPath(id), first);
      assert.equal(await readFile(last, 'utf8'), await readFile(there, 'utf8'));
      await window.sendMessage(id, 'talk And one there');
      await untilOver(id, 3);
      assert.equal(await asked(id), 'talk And one there');
      await appendFile(last, textOf(await linesOf(id, 4)));
      await window.continueHere(id);
      assert.equal(await readFile(written, 'utf8'), await readFile(last, 'utf8'));
      assert.equal((await window.getSession(id)).nativeSessionId, nativeSessionId);
    } finally {
      await fixture.here.close(window);
      window = fixture.window({ agents });
      await other.remove();
    }
  });

  it('stays behind where its last turn is not in it, and the agent is told the story', async () => {
    const session = await sessionHere();
    const { id, worktreePath, nativeSessionId = '' } = session;
    await here.write(worktreePath, nativeSessionId, (await linesOf(id)).slice(0, 1));
    await window.moveToHost(id, 'far');
    assert.equal((await window.getSession(id)).nativeSessionId, undefined);
    await assert.rejects(stat(fileOf(join(fixture.home, '.claude'), await farPath(id), session)), { code: 'ENOENT' });
    await assertTold(id);
  });

  it('replaces no other one, and the agent is told the story', async () => {
    const session = await sessionHere();
    const { id, worktreePath, nativeSessionId = '' } = session;
    const written = await here.write(worktreePath, nativeSessionId, await linesOf(id));
    await window.moveToHost(id, 'far');
    await writeFile(written, 'of somebody else\n');
    await window.continueHere(id);
    assert.equal(await readFile(written, 'utf8'), 'of somebody else\n');
    await assertTold(id);
  });

  it('is not waited for where its host is away, and the agent is told the story', async () => {
    const { id, worktreePath, nativeSessionId = '' } = await sessionHere();
    const written = await here.write(worktreePath, nativeSessionId, await linesOf(id));
    await window.moveToHost(id, 'far');
    await window.sendMessage(id, 'talk One more');
    await untilOver(id, 2);
    await fixture.cut({ isDown: true });
    await until(window, id, ({ host }) => host?.state === 'unreachable', 'the cut');
    await window.continueHere(id);
    await assertTold(id);
    await fixture.comeBack();
    await rm(written);
  });
});
