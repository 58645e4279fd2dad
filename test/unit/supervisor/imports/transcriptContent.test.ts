import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import * as v from 'valibot';
import type { EventData, SessionEvent } from '../../../../src/storage/events';
import { newId } from '../../../../src/storage/ids';
import { StorePaths } from '../../../../src/storage/paths';
import { wholeEvent } from '../../../../src/storage/journal/wholeEvent';
import { parseAgentSettings } from '../../../../src/supervisor/agents/agentRegistry';
import { readClaudeSession } from '../../../../src/supervisor/imports/claudeTranscripts';
import type { NativeSession } from '../../../../src/supervisor/imports/nativeSession';
import type { Supervisor } from '../../../../src/supervisor/supervisor';
import { projectRoot } from '../../../support/project';
import { SupervisorFixture } from '../supervisorFixture';
import { assistant, ClaudeHome, user } from './claudeHome';

const picture = (bytes: number): { block: object; data: string } => {
  const data = Buffer.alloc(bytes, 'picture').toString('base64');
  return { block: { type: 'image', source: { type: 'base64', media_type: 'image/png', data } }, data };
};
/** What an exported page says of an event's pictures. */
const PICTURES = v.object({ pictures: v.optional(v.array(v.object({ mediaType: v.string(), data: v.string() }))) });
const text = (content: string): object => ({ type: 'text', text: content });
const ANSWER = assistant(9, { type: 'text', text: 'An answer' }, 'end_turn');

describe('what transcripts hold', () => {
  let fixture: SupervisorFixture;
  let home: ClaudeHome;
  let window: Supervisor;
  beforeEach(async () => {
    fixture = await SupervisorFixture.create();
    home = await ClaudeHome.create();
    window = fixture.window({ changes: { agents: parseAgentSettings({ mine: home.agent }) } });
  });
  afterEach(async () => {
    await fixture.end();
    await home.remove();
  });

  async function list(...transcripts: (readonly object[])[]): Promise<NativeSession[]> {
    const { path: repository } = fixture.repository;
    const ids: string[] = [];
    for (const records of transcripts) {
      ids.push(newId());
      await home.write(repository, ids.at(-1) ?? '', records);
    }
    const found = await (await window.nativeSessions()).list(repository);
    return ids.flatMap((id) => found.filter(({ nativeSessionId }) => nativeSessionId === id));
  }

  async function importOf(native: NativeSession | undefined): Promise<{ id: string; events: SessionEvent[] }> {
    assert.ok(native);
    const { id } = await (await window.nativeSessions()).import(fixture.repository.path, native);
    const { events } = await window.listSessionHistory(id, { limit: 1_000 });
    const run = (runId: string) => new StorePaths(fixture.storageDirectory).session(id).run(runId);
    return { id, events: await Promise.all(events.map((event) => wholeEvent(run(event.runId), event))) };
  }

  const messages = (events: readonly SessionEvent[]): EventData<'message'>[] =>
    events.flatMap((event) => (event.kind === 'message' ? [event.data] : [])).slice(1); // the first names the source

  it('are pictures, which are kept, and titles that are never empty (E2)', async () => {
    const [small, large] = [picture(100), picture(3_000_000)];
    const natives = await list(
      [user(1, [small.block]), ANSWER],
      [user(1, [large.block, text('What is wrong here?')]), ANSWER],
      [user(1, [small.block, large.block]), ANSWER],
      [user(1, '\u202e\u2066\n\u200b\nSomething'), ANSWER],
      [user(1, ' \u2066\u200b '), ANSWER],
    );
    assert.deepEqual(
      natives.map(({ title }) => title),
      ['Picture', 'What is wrong here?', '2 pictures', 'Something', 'Untitled'],
    );
    const expected = [
      { words: 'Picture', pictures: [small] },
      { words: 'What is wrong here?', pictures: [large] },
      { words: '2 pictures', pictures: [small, large] },
    ];
    for (const [index, { words, pictures }] of expected.entries()) {
      const { id, events } = await importOf(natives[index]);
      const said = messages(events).at(0);
      assert.deepEqual([said?.role, said?.text], ['user', words]);
      assert.deepEqual(
        said?.pictures?.map(({ mediaType, data }) => [mediaType, data]),
        pictures.map(({ data }) => ['image/png', data]),
      );
      const kept = said.pictures.at(0);
      assert.equal(kept?.bytes, pictures[0] === small ? 100 : 3_000_000);
      assert.equal((await window.getConversation(id))[0]?.content, words);
      const place = events.find((event) => event.kind === 'message' && event.data.pictures !== undefined);
      for (const [number, { data }] of pictures.entries()) {
        const shown = await (await window.timeline(id)).picture(place?.runId ?? '', place?.seq ?? 0, number);
        assert.equal(shown.toString('base64'), data);
      }
      // A journal's lines stay short: a large picture is a blob.
      const paths = new StorePaths(fixture.storageDirectory).session(id).run(events[0]?.runId ?? '');
      for (const line of (await readFile(paths.events, 'utf8')).split('\n')) assert.ok(line.length < 20_000);
    }
  });

  it('are pictures that an export shows (E2)', async () => {
    const icon = await readFile(join(projectRoot, 'media/icon.png'));
    const block = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: icon.toString('base64') } };
    const fake = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: '"><script>' } };
    const [native] = await list([user(1, [block, fake, text('Look')]), ANSWER]);
    const { id } = await importOf(native);
    const target = join(home.path, 'export.html');
    await window.exportSession(id, 'html', target);
    const html = await readFile(target, 'utf8');
    const pictures = [...html.matchAll(/class="events">(.*?)<\/script>/g)]
      .flatMap(([, block = '']) => v.parse(v.array(v.looseObject({ data: PICTURES })), JSON.parse(block)))
      .flatMap((event) => event.data.pictures ?? []);
    assert.deepEqual(pictures, [
      { mediaType: 'image/png', data: icon.toString('base64') },
      { mediaType: 'application/octet-stream', data: fake.source.data },
    ]);
  });

  it('are pictures that a tool gave back (E2)', async () => {
    const { block, data } = picture(50_000);
    const [native] = await list([
      user(1, 'Look at it'),
      assistant(2, { type: 'tool_use', id: 't1', name: 'Read', input: { file_path: '/a.png' } }, 'tool_use'),
      user(3, [{ type: 'tool_result', tool_use_id: 't1', content: [text('a.png'), block] }]),
      ANSWER,
    ]);
    const { events } = await importOf(native);
    const result = events.find((event) => event.kind === 'tool.result');
    assert.equal(result?.data.output, 'a.png\n[image image/png]');
    assert.deepEqual(result.data.pictures, [{ mediaType: 'image/png', bytes: 50_000, data }]);
  });

  it('are told as what they are, where a program put them among the words (E3)', async () => {
    const command = (name: string, args = ''): string =>
      `<command-name>${name}</command-name>\n            <command-message>${name.slice(1)}</command-message>\n            <command-args>${args}</command-args>`;
    const cases: { record: object; notes: string[]; words?: string }[] = [
      { record: user(1, command('/clear')), notes: ['Command: /clear'] },
      { record: user(1, command('/review', '12 carefully')), notes: ['Command: /review 12 carefully'] },
      {
        record: user(1, '<command-message>init is running…</command-message>\n<command-name>/init</command-name>'),
        notes: ['Command: /init'],
      },
      { record: user(1, '<local-command-stdout></local-command-stdout>'), notes: [] },
      {
        record: user(1, '<local-command-stdout>Set model to x</local-command-stdout>'),
        notes: ['Output of the command: Set model to x'],
      },
      { record: user(1, '<bash-input>ls</bash-input>'), notes: ['Command: ls'] },
      {
        record: user(1, '<bash-stdout>a.ts</bash-stdout><bash-stderr></bash-stderr>'),
        notes: ['Output of the command: a.ts'],
      },
      {
        record: user(1, '<ide_opened_file>The user opened a.ts</ide_opened_file>\nFix it'),
        notes: ['Note of the editor: The user opened a.ts'],
        words: 'Fix it',
      },
      {
        record: user(1, [text('<ide_selection>line 3</ide_selection>'), text('Why this?')]),
        notes: ['Note of the editor: line 3'],
        words: 'Why this?',
      },
      {
        record: user(1, 'Do it\n\n<system-reminder>The date has changed</system-reminder>'),
        notes: ['Note of the program: The date has changed'],
        words: 'Do it',
      },
      { record: user(1, '[Request interrupted by user]'), notes: ['[Request interrupted by user]'] },
      {
        record: user(1, [text('[Request interrupted by user for tool use]')]),
        notes: ['[Request interrupted by user for tool use]'],
      },
      { record: user(1, 'A summary', { isCompactSummary: true }), notes: ['A summary'] },
      { record: user(1, 'Caveat: nobody typed this', { isMeta: true }), notes: ['Caveat: nobody typed this'] },
      {
        record: user(1, 'A task has ended', { origin: { kind: 'task-notification' } }),
        notes: ['A task has ended'],
      },
      // What people type stays theirs.
      { record: user(1, '<command-name> is a tag'), notes: [], words: '<command-name> is a tag' },
      {
        record: user(1, 'Explain <system-reminder>x</system-reminder> to me'),
        notes: [],
        words: 'Explain <system-reminder>x</system-reminder> to me',
      },
      { record: user(1, '<div>hello</div>'), notes: [], words: '<div>hello</div>' },
      { record: user(1, 'Typed', { origin: { kind: 'human' } }), notes: [], words: 'Typed' },
    ];
    const natives = await list(...cases.map(({ record }) => [record, ANSWER]));
    for (const [index, { notes, words, record }] of cases.entries()) {
      const native = natives[index];
      assert.ok(native);
      assert.equal(native.title, words ?? 'An answer', JSON.stringify(record));
      const told: EventData<'message'>[] = [];
      const agent = { program: '', programArguments: [], environment: {} };
      for await (const { event } of readClaudeSession(agent, native))
        if (event.kind === 'message') told.push(event.data);
      assert.deepEqual(
        told.filter(({ role }) => role === 'system').map((each) => each.text),
        notes,
        JSON.stringify(record),
      );
      assert.deepEqual(
        told.filter(({ role }) => role === 'user').map((each) => each.text),
        words === undefined ? [] : [words],
      );
    }
  });

  it('end a turn as interrupted where a person did that (E3)', async () => {
    const [native] = await list([
      user(1, 'Write a greeting'),
      assistant(2, { type: 'text', text: 'I beg' }, null),
      user(3, [text('[Request interrupted by user]')]),
      user(4, 'Go on'),
      ANSWER,
    ]);
    const { events } = await importOf(native);
    assert.deepEqual(
      events.flatMap((event) => (event.kind === 'turn.ended' ? [event.data.stopReason] : [])),
      ['interrupted', 'end_turn'],
    );
  });
});
