import assert from 'node:assert/strict';
import { chmod, mkdir, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import type { AttachmentReference } from '../../../../src/storage/attachments';
import type { SessionEvent } from '../../../../src/storage/events';
import { StorePaths } from '../../../../src/storage/paths';
import { checkStore } from '../../../../src/storage/store/storeCheck';
import type { Attachment, SessionSummary } from '../../../../src/supervisor/api';
import type { Supervisor } from '../../../../src/supervisor/supervisor';
import { skip } from '../../../support/skip';
import { SupervisorFixture, until } from '../supervisorFixture';

/** One red pixel. */
const PICTURE = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==',
  'base64',
);
const LONG_PROMPT = [
  'Fix the parser:',
  '```ts\nconst a = "$HOME `x` %PATH%\\n";\n\tif (a) { throw new Error(\'¿?\'); }\n```',
  ...Array.from({ length: 70 }, (_, index) => `- item ${index}: keep  two spaces, "quotes", é and 🙂`),
  '',
  '  -- the end, with a line end:\n',
].join('\n');

async function messagesOf(window: Supervisor, id: string): Promise<SessionEvent[]> {
  const { events } = await window.listSessionHistory(id, { kinds: ['message'] });
  return events;
}

function attachmentsOf(event: SessionEvent | undefined): AttachmentReference[] {
  return event?.kind === 'message' ? (event.data.attachments ?? []) : [];
}

describe('attachments', () => {
  let fixture: SupervisorFixture;
  let window: Supervisor;
  beforeEach(async () => {
    fixture = await SupervisorFixture.create();
    window = fixture.window();
  });
  afterEach(async () => {
    await fixture.end();
  });

  const paths = (): StorePaths => new StorePaths(fixture.storageDirectory);
  const completed = async (id: string): Promise<SessionSummary> =>
    await until(window, id, ({ status }) => status === 'Completed', 'the end');

  it('go with a prompt and with messages, are kept, and are in no snapshot', async () => {
    const file = join(fixture.storageDirectory, 'report: 1.csv');
    await writeFile(file, 'a,b\n');
    const { id } = await window.createSession({
      repository: fixture.repository.path,
      agent: 'demo',
      prompt: 'edit notes.txt hello',
      attachments: [{ name: 'shot.png', bytes: PICTURE }, { path: file }],
    });
    await rm(file);
    const session = await completed(id);
    assert.deepEqual(
      session.attachments?.map(({ name, mediaType, bytes }) => ({ name, mediaType, bytes })),
      [
        { name: 'shot.png', mediaType: 'image/png', bytes: PICTURE.length },
        { name: 'report: 1.csv', mediaType: 'text/plain', bytes: 4 },
      ],
    );
    const [first, seen] = await messagesOf(window, id);
    assert.deepEqual(
      attachmentsOf(first).map(({ id: attachmentId }) => attachmentId),
      session.attachments.map(({ id: attachmentId }) => attachmentId),
    );
    assert.match(seen?.kind === 'message' ? seen.data.text : '', /I see 1 attached picture/);
    assert.deepEqual(await (await window.timeline(id)).picture(first?.runId ?? '', first?.seq ?? 0, 0), PICTURE);

    const [picture, report] = session.attachments;
    const copy = join(session.worktreePath, '.corral', 'attachments', report?.id ?? '');
    assert.equal(await readFile(copy, 'utf8'), 'a,b\n');
    assert.deepEqual(
      (await (await window.worktree(id)).changes()).changes.map(({ path }) => path),
      ['notes.txt'],
    );

    await window.sendMessage(id, 'talk again', { attachments: [{ sessionId: id, id: picture?.id ?? '' }] });
    await until(window, id, ({ runs, status }) => runs.length === 2 && status === 'Completed', 'the second run');
    const last = (await messagesOf(window, id)).find(
      (event) => event.kind === 'message' && event.data.text === 'talk again',
    );
    assert.deepEqual(await window.readAttachment(id, attachmentsOf(last)[0]?.id ?? ''), Buffer.from(PICTURE));

    await window.deleteSession(id);
    await window.undoDelete(id);
    assert.equal(await readFile(copy, 'utf8'), 'a,b\n');
    assert.deepEqual((await checkStore(paths(), { readOnly: true })).findings, []);
    await writeFile(
      paths()
        .session(id)
        .attachment(report?.id ?? ''),
      'b',
    );
    await rm(
      paths()
        .session(id)
        .attachment(picture?.id ?? ''),
    );
    const { findings } = await checkStore(paths(), { readOnly: true });
    assert.equal(findings.length, 2, findings.join('\n'));
    await assert.rejects(window.readAttachment(id, picture?.id ?? ''), { code: 'ATTACHMENT_NOT_FOUND' });
    await window.deleteSession(id);
    await window.eraseHistory(id);
    await assert.rejects(stat(paths().session(id).root), { code: 'ENOENT' });
  });

  it('reach a running agent with a message, and are private', async () => {
    const { id } = await window.createSession({
      repository: fixture.repository.path,
      agent: 'demo',
      prompt: 'talk first; ask git status',
    });
    const { pendingPermissions } = await until(window, id, ({ needsInput }) => needsInput, 'the question');
    await window.sendMessage(id, 'talk second', { attachments: [{ name: 'a.png', bytes: PICTURE }] });
    const [question] = pendingPermissions;
    await window.answerPermission(id, question?.requestId ?? '', { optionId: question?.options[0]?.optionId ?? '' });
    const { runs } = await completed(id);
    assert.equal(runs.length, 1);
    const message = (await messagesOf(window, id)).find(
      (event) => event.kind === 'message' && event.data.text === 'talk second',
    );
    assert.equal(attachmentsOf(message).length, 1);
    const sets = await readdir(paths().session(id).attachments);
    assert.deepEqual(sets, [attachmentsOf(message)[0]?.id.split('/')[0]]);
    if (process.platform === 'win32') return;
    const { mode } = await stat(
      paths()
        .session(id)
        .attachment(attachmentsOf(message)[0]?.id ?? ''),
    );
    assert.equal(mode & 0o777, 0o600);
  });

  it('are refused before anything is made: too many, too large, no file', async () => {
    const create = async (attachments: Attachment[]): Promise<unknown> =>
      await window.createSession({ repository: fixture.repository.path, agent: 'demo', prompt: 'talk', attachments });
    const bytes = new Uint8Array(1);
    const large = new Uint8Array(21 * 1024 * 1024);
    const half = new Uint8Array(18 * 1024 * 1024);
    for (const attachments of [
      Array.from({ length: 21 }, () => ({ name: 'a', bytes })),
      [{ name: 'large', bytes: large }],
      Array.from({ length: 3 }, () => ({ name: 'half', bytes: half })),
      [{ path: fixture.repository.path }],
      [{ path: join(fixture.repository.path, 'missing') }],
      [{ path: 'relative.txt' }],
    ])
      await assert.rejects(create(attachments), { code: 'ATTACHMENT_REFUSED' });
    await assert.rejects(create([{ sessionId: 'aaaaaaaaaaaa', id: 'bbbbbbbbbbbb/../../store.json' }]), {
      code: 'ATTACHMENT_REFUSED',
    });
    assert.deepEqual(await window.listSessions(), []);
    assert.deepEqual(await readdir(paths().sessions), []);
  });

  it('have names that every system takes, and keep those that people gave', async () => {
    const names = [
      '../../evil',
      'con.txt',
      'a/b:c?.png',
      'same.txt',
      'SAME.txt',
      `${'é'.repeat(200)}.txt`,
      '..',
      '\u202e',
    ];
    const { id } = await window.createSession({
      repository: fixture.repository.path,
      agent: 'demo',
      prompt: 'talk',
      attachments: names.map((name) => ({ name, bytes: Buffer.from(name) })),
    });
    const { attachments = [] } = await completed(id);
    const kept = attachments.map((each) => each.id.slice(13));
    assert.deepEqual(kept.slice(0, 5), ['.._.._evil', '_con.txt', 'a_b_c_.png', 'same.txt', 'SAME 2.txt']);
    assert.ok(Buffer.byteLength(kept[5] ?? '') <= 120 && kept[5]?.endsWith('.txt'));
    assert.equal(new Set(kept.map((name) => name.toLowerCase())).size, names.length);
    for (const [index, attachment] of attachments.entries())
      assert.equal(Buffer.from(await window.readAttachment(id, attachment.id)).toString(), names[index]);
  });

  it('do not go through a link in the worktree', async function () {
    if (process.platform === 'win32') return skip(this, 'links need a right on Windows');
    await mkdir(join(fixture.storageDirectory, 'elsewhere'));
    const { id, worktreePath } = await fixture.completedSession(window);
    await rm(join(worktreePath, '.corral'), { recursive: true, force: true });
    await symlink(join(fixture.storageDirectory, 'elsewhere'), join(worktreePath, '.corral'));
    await window.sendMessage(id, 'talk', { attachments: [{ name: 'a.txt', bytes: Buffer.from('a') }] });
    await until(window, id, ({ runs, status }) => runs.length === 2 && status === 'Completed', 'the second run');
    assert.deepEqual(await readdir(join(fixture.storageDirectory, 'elsewhere')), []);
  });

  it('reach a command as paths behind the prompt, which arrives byte for byte in every way', async function () {
    if (process.platform === 'win32') return skip(this, 'a script is no program on Windows');
    assert.ok(LONG_PROMPT.length > 3_000);
    const program = join(fixture.storageDirectory, 'program');
    await writeFile(
      program,
      '#!/bin/sh\ncat > "$CORRAL_TEST_OUT/input"\nprintf %s "$1" > "$CORRAL_TEST_OUT/argument"\ncat "$2" > "$CORRAL_TEST_OUT/file"\n',
    );
    await chmod(program, 0o755);
    const out = join(fixture.storageDirectory, 'out');
    await mkdir(out);
    process.env['CORRAL_TEST_OUT'] = out;
    const create = async (...words: string[]): Promise<SessionSummary> => {
      const { id } = await window.createSession({
        repository: fixture.repository.path,
        agent: 'command',
        argv: [program, ...words],
        prompt: LONG_PROMPT,
        attachments: [{ name: 'a.png', bytes: PICTURE }],
      });
      return await until(window, id, ({ status }) => ['Completed', 'Failed'].includes(status), 'the end');
    };
    const expected = ({ worktreePath, attachments = [] }: SessionSummary): string =>
      `${LONG_PROMPT}\n\nAttached files:\n- ${join(worktreePath, '.corral/attachments', attachments[0]?.id ?? '')}`;
    const byInput = await create('', '/dev/null');
    assert.equal(await readFile(join(out, 'input'), 'utf8'), `${expected(byInput)}\n`);
    const byArgument = await create('{prompt}', '{promptFile}');
    assert.equal(await readFile(join(out, 'argument'), 'utf8'), expected(byArgument));
    assert.equal(await readFile(join(out, 'file'), 'utf8'), expected(byArgument));
    const [message] = await messagesOf(window, byArgument.id);
    assert.equal(message?.kind === 'message' ? message.data.text : '', LONG_PROMPT);
    delete process.env['CORRAL_TEST_OUT'];
  });
});
