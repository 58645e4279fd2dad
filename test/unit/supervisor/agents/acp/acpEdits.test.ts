import assert from 'node:assert/strict';
import { link, mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { after, before, describe, it } from 'mocha';
import { acpDriver } from '../../../../../src/supervisor/agents/acp/acpDriver';
import type { Conversation } from '../../../../../src/supervisor/agents/driver/driver';
import { conversationRequest, RecordingHost } from '../../../../support/agents/agentHarness';

const OPTIONS = [
  { optionId: 'always', name: 'Always', kind: 'allow_always' },
  { optionId: 'yes', name: 'Yes', kind: 'allow_once' },
  { optionId: 'no', name: 'No', kind: 'reject_once' },
];
const GOOSE = { goose: { toolCall: { toolName: 'write', extensionName: 'developer' } } };

interface Call {
  kind?: string | undefined;
  name?: string;
  rawInput?: unknown;
  locations?: { path: string }[];
  content?: object[];
  _meta?: object;
}

/** One conversation in the mode `edits`. */
class Edits {
  readonly host = new RecordingHost();
  readonly conversation: Conversation;
  #id = 0;

  constructor(cwd: string, program = 'some-agent', worktreePath = cwd) {
    this.conversation = acpDriver.createConversation(
      conversationRequest({ argv: [`/usr/bin/${program}`], cwd, worktreePath }),
      this.host,
    );
  }

  request(call: Call, options = OPTIONS): string {
    const id = `r${++this.#id}`;
    const toolCall = { toolCallId: `c${this.#id}`, title: 'Edit it', kind: 'edit', ...call };
    const params = { sessionId: 's', toolCall, options };
    this.conversation.readLine(
      'stdout',
      JSON.stringify({ jsonrpc: '2.0', id, method: 'session/request_permission', params }),
    );
    return id;
  }

  /** Whether Corral allowed the call by itself. */
  async isAllowed(call: Call, options = OPTIONS): Promise<boolean> {
    const wanted = `r${this.#id + 1}`;
    const asked = new Promise<void>((settle) => {
      this.host.onEvent = ({ kind, data }) => {
        if (kind === 'permission.request' && data.requestId === wanted) settle();
      };
    });
    const id = this.request(call, options);
    await asked;
    await setImmediate();
    // An answer of Corral's own follows its question at once.
    const written = this.host.written.filter((line) => line.includes(`"id":"${id}"`));
    const answer = this.host.of('permission.answer').find(({ requestId }) => requestId === id);
    assert.deepEqual(written.length, answer === undefined ? 0 : 1);
    if (answer === undefined) return false;
    assert.deepEqual([answer.outcome, answer.optionId], ['allowed', 'yes']);
    assert.match(written[0] ?? '', /"outcome":"selected","optionId":"yes"/);
    return true;
  }
}

describe('what Corral allows by itself in the mode edits', () => {
  let root = '';
  let outside = '';
  let cwd = '';
  before(async () => {
    root = await realpath(await mkdtemp(join(tmpdir(), 'corral-edits-')));
    [outside, cwd] = [join(root, 'outside'), join(root, 'worktree')];
    await mkdir(join(cwd, 'src'), { recursive: true });
    await mkdir(join(cwd, '.git'));
    await mkdir(outside);
    await writeFile(join(outside, 'secret'), 'x');
    await writeFile(join(cwd, 'src/a.ts'), 'x');
  });
  after(async () => await rm(root, { recursive: true }));
  const inputOf = (path: string): Call => ({ rawInput: { file_path: path, content: 'x' } });

  it('is an edit of ordinary files, new ones too, by each way to name them (B5)', async () => {
    const edits = new Edits(cwd);
    for (const call of [
      inputOf('src/a.ts'),
      inputOf(join(cwd, 'src/new/b.ts')),
      {
        rawInput: {
          file_path: join(cwd, 'src/a.ts'),
          old_string: '/etc/passwd',
          new_string: '../x',
          replace_all: false,
        },
      },
      { locations: [{ path: join(cwd, 'src/a.ts') }] },
      { content: [{ type: 'diff', path: join(cwd, 'src/a.ts'), oldText: null, newText: 'x' }], rawInput: {} },
      inputOf('.github/workflows/x.yml'),
      {
        rawInput: {
          filepath: join(cwd, 'src/a.ts'),
          diff: `Index: ${join(cwd, 'src/a.ts')}\n--- ${join(cwd, 'src/a.ts')}\n`,
        },
      },
      inputOf('src/git/vscode.ts'),
    ])
      assert.equal(await edits.isAllowed(call), true, JSON.stringify(call));
    const goose = new Edits(cwd, 'goose');
    const call = { rawInput: { path: join(cwd, 'src/a.ts'), content: 'x' }, _meta: GOOSE };
    for (const kind of [undefined, 'other'] as const) assert.equal(await goose.isAllowed({ ...call, kind }), true);
    for (const kind of ['execute', 'delete'] as const) assert.equal(await goose.isAllowed({ ...call, kind }), false);
  });

  it('is an edit beside the folder that the agent works in, as long as it is in its worktree (B5)', async () => {
    const edits = new Edits(join(cwd, 'src'), 'some-agent', cwd);
    assert.equal(await edits.isAllowed(inputOf('a.ts')), true);
    assert.equal(await edits.isAllowed(inputOf(join(cwd, 'README.md'))), true);
    assert.equal(await edits.isAllowed(inputOf(join(cwd, '.vscode/settings.json'))), false);
    assert.equal(await edits.isAllowed(inputOf(join(outside, 'secret'))), false);
  });

  it('is nothing behind a link that leaves the worktree (B5)', async () => {
    await symlink(join(outside, 'secret'), join(cwd, 'notes.md'));
    await symlink(join(outside, 'not there yet'), join(cwd, 'dangling.md'));
    await symlink(outside, join(cwd, 'docs'), 'junction');
    await symlink('loop', join(cwd, 'loop'));
    await symlink(join(cwd, '.git'), join(cwd, 'innocent'), 'junction');
    await link(join(outside, 'secret'), join(cwd, 'hard.md'));
    const edits = new Edits(cwd);
    for (const path of [
      'notes.md',
      'dangling.md',
      'docs/new.md',
      'docs/deep/new.md',
      'loop',
      'loop/x',
      'innocent/config',
      'hard.md',
    ])
      assert.equal(await edits.isAllowed(inputOf(path)), false, path);
    await symlink(join(cwd, 'src'), join(cwd, 'source'), 'junction');
    assert.equal(await edits.isAllowed(inputOf('source/a.ts')), true);
  });

  it('is nothing whose input has a command, another path, or a field that is not known (B5)', async () => {
    const edits = new Edits(cwd);
    const good = { file_path: join(cwd, 'src/a.ts'), content: 'x' };
    for (const more of [
      { command: 'rm -rf .' },
      { path: '/etc/passwd' },
      { filePath: '../outside/secret' },
      { filePath: 'src/../../outside/secret' },
      { path: '~/.bashrc' },
      { path: 'file:///etc/passwd' },
      { path: ['/etc/passwd'] },
      { path: { to: '/etc/passwd' } },
      { target: '/etc/passwd' },
      { files: ['/etc/passwd'] },
      { edits: [{ path: '/etc/passwd' }] },
      { content: { file: '/etc/passwd' } },
      { path: '' },
      { diff: '--- /dev/null\n+++ /etc/passwd\t2026\n' },
      { diff: '*** Update File: ../outside/secret\n' },
      { path: 'src/a.ts\u0000' },
      { path: '\\\\server\\share\\x' },
    ])
      assert.equal(await edits.isAllowed({ rawInput: { ...good, ...more } }), false, JSON.stringify(more));
    for (const rawInput of [['/etc/passwd'], join(cwd, 'src/a.ts'), 7, {}, null])
      assert.equal(await edits.isAllowed({ rawInput }), false, JSON.stringify(rawInput));
    const locations = [{ path: join(cwd, 'src/a.ts') }, { path: '/etc/passwd' }];
    assert.equal(await edits.isAllowed({ locations, rawInput: good }), false);
    const content = [{ type: 'diff', path: '/etc/passwd', newText: 'x' }];
    assert.equal(await edits.isAllowed({ content, rawInput: good }), false);
  });

  it('is no tool that is merely named like one that edits (B5)', async () => {
    const call = { rawInput: { path: join(cwd, 'src/a.ts'), content: 'x' }, kind: 'other' };
    for (const program of ['some-agent', 'goose'])
      for (const name of ['write', 'edit', 'text_editor'])
        assert.equal(await new Edits(cwd, program).isAllowed({ ...call, name }), false, `${program} ${name}`);
    const foreign = { goose: { toolCall: { toolName: 'write', extensionName: 'github' } } };
    assert.equal(await new Edits(cwd, 'goose').isAllowed({ ...call, kind: 'edit', _meta: foreign }), false);
    for (const kind of ['execute', 'delete', 'move', 'fetch', 'switch_mode'])
      assert.equal(await new Edits(cwd).isAllowed({ ...call, kind }), false, kind);
  });

  it('is no file that a program runs or trusts later (B5)', async () => {
    const edits = new Edits(cwd);
    for (const path of [
      ...['.vscode/settings.json', '.VSCode/tasks.json', 'pkg/.vscode/settings.json', '.v\u017fcode/settings.json'],
      ...['.git/config', '.GIT/hooks/pre-commit', '.g\u200cit/config', 'sub/.git/config', '.git'],
      ...['.claude/settings.local.json', '.devcontainer/devcontainer.json', '.husky/pre-commit', '.envrc', '.npmrc'],
      ...['app.code-workspace', '.mcp.json', '.corral/worktrees/x', '.gitmodules', '.pre-commit-config.yaml'],
    ])
      assert.equal(await edits.isAllowed(inputOf(path)), false, path);
  });

  it('is nothing that could only be allowed for good, and nothing once the turn is interrupted (B5)', async () => {
    const always = OPTIONS.filter(({ kind }) => kind !== 'allow_once');
    assert.equal(await new Edits(cwd).isAllowed(inputOf('src/a.ts'), always), false);
    const edits = new Edits(cwd);
    const id = edits.request(inputOf('src/a.ts'));
    edits.conversation.end({ exitCode: 1, signal: null, asked: undefined, stderrTail: '' });
    const cancelled = new RegExp(`"id":"${id}","result":\\{"outcome":\\{"outcome":"cancelled"`);
    assert.match(edits.host.written.join(''), cancelled);
    // The look at its path is over by the time that another one is.
    assert.equal(await new Edits(cwd).isAllowed(inputOf('src/a.ts')), true);
    assert.equal(edits.host.written.length, 1);
    assert.deepEqual(edits.host.of('permission.request'), []);
  });
});
