import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { appendFile, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import type { SessionEvent } from '../../../../src/storage/events';
import { StorePaths } from '../../../../src/storage/paths';
import type { SessionSummary } from '../../../../src/supervisor/api';
import type { Supervisor } from '../../../../src/supervisor/supervisor';
import { ifExists } from '../../../../src/common/ifExists';
import { waitFor } from '../../../support/wait';
import { until, SupervisorFixture } from '../supervisorFixture';

const BIG = 200_000;

describe('everything that was recorded', () => {
  let fixture: SupervisorFixture;
  let window: Supervisor;
  beforeEach(async () => {
    fixture = await SupervisorFixture.create();
    window = fixture.window();
  });
  afterEach(() => fixture.end());

  async function finished(script: string, title = 'A <b>bold</b> `title`'): Promise<SessionSummary> {
    const { id } = await window.createSession({
      repository: fixture.repository.path,
      prompt: 'Do it',
      title,
      agent: 'command',
      argv: [process.execPath, '-e', script],
    });
    return await until(window, id, ({ state }) => state === 'completed', 'its end');
  }

  async function find(text: string, from = window): Promise<SessionEvent[]> {
    const found: SessionEvent[] = [];
    for await (const { event } of from.searchHistory(text)) found.push(event);
    return found;
  }

  it('is searched over all sessions, newest first, large payloads included, and an event found is the one in the history', async () => {
    const first = await finished(`console.log('say "NEEDLE"'); console.log('x'.repeat(${BIG}) + 'deep inside')`);
    const second = await finished(`console.log('another needle')`);
    const found = (await find('needle')).filter(({ kind }) => kind === 'output'); // the program's text has it as well
    assert.deepEqual(
      found.map(({ sessionId }) => sessionId),
      [second.id, first.id],
    );
    const { events } = await window.listSessionHistory(second.id);
    assert.deepEqual(
      events.find(({ id }) => id === found[0]?.id),
      found[0],
    );
    const { filter } = new StorePaths(fixture.storageDirectory).session(first.id).run(first.currentRunId ?? '');
    const written = await waitFor(async () => await ifExists(stat(filter)), { what: 'the filter of the ended run' });
    assert.equal((await find('DEEP inside')).filter(({ kind }) => kind === 'output').length, 1);
    assert.equal((await stat(filter)).mtimeMs, written.mtimeMs, 'the runner wrote it, and it fits the journal');
    await assert.rejects(find(''), { code: 'INVALID_ARGUMENT' });
  });

  it('is written out whole in three forms that a title or an output cannot break', async () => {
    const { id } = await finished(
      `console.log('<script>alert(1)</script> \`\`\`\` fence'); console.log('y'.repeat(${BIG}) + ' the end')`,
    );
    const target = (name: string): string => join(fixture.storageDirectory, name);
    await window.exportSession(id, 'jsonl', target('out.jsonl'));
    const [head, ...lines] = (await readFile(target('out.jsonl'), 'utf8')).trimEnd().split('\n');
    assert.equal((JSON.parse(head ?? '') as SessionSummary).id, id);
    const { events } = await window.listSessionHistory(id);
    assert.deepEqual(
      lines.map((line) => (JSON.parse(line) as SessionEvent).id),
      events.map((event) => event.id),
    );
    assert.ok(lines.some((line) => line.includes(`${'y'.repeat(BIG)} the end`)));

    await window.exportSession(id, 'markdown', target('out.md'));
    const markdown = await readFile(target('out.md'), 'utf8');
    assert.match(markdown, /^# A \\<b\\>bold\\<\/b\\> \\`title\\`\n/);
    assert.match(markdown, /\n`{5,}\n<script>/);
    assert.ok(markdown.includes(' the end'));

    await window.exportSession(id, 'html', target('out.html'));
    const html = await readFile(target('out.html'), 'utf8');
    assert.ok(!html.includes('<script>alert(1)') && html.includes('\\u003cscript>alert(1)'));
    const [before = '', script = ''] = html.split(/<script>([^]*?)<\/script>/);
    assert.ok(before.includes(`script-src 'sha256-${createHash('sha256').update(script).digest('base64')}'`));
    assert.match(html, /default-src 'none'/);
    assert.doesNotMatch(before, /\b(src|href)=/);
    assert.deepEqual(
      (await readdir(fixture.storageDirectory)).filter((name) => name.endsWith('.tmp')),
      [],
    );
    await assert.rejects(window.exportSession(id, 'html', join(fixture.storageDirectory, 'no folder', 'x')), {
      code: 'STORE_FAILED',
    });
  });

  it('is checked: what is damaged or missing is named, and a damaged database is made again', async () => {
    const { id, currentRunId = '' } = await finished(`console.log('z'.repeat(${BIG}))`);
    await window.listSessionHistory(id);
    await fixture.close(window);
    window = fixture.window();
    const archive = await window.archive();
    assert.deepEqual((await archive.check()).findings, []);

    const session = new StorePaths(fixture.storageDirectory).session(id);
    const run = session.run(currentRunId);
    const timeline = await readFile(session.timeline);
    timeline[timeline.length >> 1] = (timeline[timeline.length >> 1] ?? 0) ^ 1;
    await writeFile(session.timeline, timeline);
    await appendFile(run.events, 'no record\n');
    const [blob = ''] = await readdir(run.blobs);
    await appendFile(run.blob(blob), 'more');
    const report = await archive.check();
    assert.equal(report.findings.length, 3, report.findings.join('\n'));
    assert.equal(report.rebuilt, 1);
    await rm(run.blob(blob));
    assert.match((await archive.check()).findings.join('\n'), /is missing/);
    assert.equal((await window.listSessionHistory(id)).events.length, 6);
    const aborted = new AbortController();
    aborted.abort();
    await assert.rejects(archive.check(aborted.signal), { code: 'CANCELLED' });
  });

  it('is measured, and erased only where the session was deleted, in every window', async () => {
    const { id, worktreePath } = await finished(
      `require('fs').writeFileSync('work', 'work'); console.log('to be forgotten')`,
    );
    const other = fixture.window();
    await other.whenRecovered();
    const archive = await window.archive();
    const [measured] = await archive.measure();
    assert.equal(measured?.sessionId, id);
    assert.ok(measured.size.journals > 0 && measured.size.total >= measured.size.journals + measured.size.output);

    await assert.rejects(window.eraseHistory(id), { code: 'CONFLICT' });
    assert.ok((await stat(worktreePath)).isDirectory());
    await window.deleteSession(id);
    assert.equal(
      await fixture.repository.git('for-each-ref', '--format=%(refname)', 'refs/corral'),
      `refs/corral/${id}`,
    );
    await window.eraseHistory(id);
    await assert.rejects(window.getSession(id), { code: 'SESSION_NOT_FOUND' });
    assert.deepEqual(await find('to be forgotten'), []);
    assert.equal(await fixture.repository.git('for-each-ref', 'refs/corral'), '');
    assert.deepEqual(await readdir(new StorePaths(fixture.storageDirectory).sessions), []);
    const forgotten = new Promise<void>((resolve) => {
      const look = async (): Promise<void> => {
        if ((await other.listSessions()).length === 0) resolve();
      };
      other.onDidChangeSessions(() => void look());
      void look();
    });
    await forgotten;
  });
});
