import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { describeTool, recordedCall, recordedRequest } from '../../../src/tools/describeTool';
import { hunksOfDiff, unifiedText } from '../../../src/tools/editLines';
import type { EditHunk, ToolDescription } from '../../../src/tools/toolDescription';
import type { EventKind } from '../../../src/storage/events';
import { parseDraft } from '../../../src/storage/events';
import { goldenPath } from '../../support/agents/recording';

const ROOTS = ['/repo'];
const call = (name: string, input: unknown, title = name): ToolDescription =>
  describeTool({ name, title, input }, ROOTS);

/** Every text of the description, without its title. */
function textOf({ note, block, edits, steps, questions, paths, details }: ToolDescription): string {
  const parts = [note, block?.text, ...details.flatMap(({ name, value }) => [name, value])];
  const edited = edits.flatMap(({ path, movedTo, hunks }) => [path, movedTo, diffText(hunks)]);
  const asked = questions.flatMap(({ text, header, options }) => [
    text,
    header,
    ...options.flatMap(({ label, description }) => [label, description]),
  ]);
  return [...parts, ...edited, ...steps.map(({ text }) => text), ...asked, ...paths.map(({ path }) => path)].join('\n');
}

/** The texts and numbers in a value. */
function leaves(value: unknown): string[] {
  if (typeof value === 'object' && value !== null) return Object.values(value).flatMap(leaves);
  return typeof value === 'string' || typeof value === 'number' ? [String(value)] : [];
}

const linesIn = (text: string): string[] => text.split('\n').map((line) => line.trim());

/** Every call and request that the golden texts of recordings have. */
function recorded(kind: EventKind): { file: string; data: unknown }[] {
  const folder = join(goldenPath('x'), '..');
  return readdirSync(folder).flatMap((file) =>
    readFileSync(join(folder, file), 'utf8')
      .split('\n')
      .filter((line) => line.startsWith(`${kind} {`))
      .map((line) => ({ file, data: JSON.parse(line.slice(kind.length + 1)) as unknown })),
  );
}

const diffText = (hunks: readonly EditHunk[]): string =>
  hunks
    .map(unifiedText)
    .join('\n')
    .replace(/^@@.*\n/, '');

describe('what a call of a tool does', () => {
  it('describes the tools of Claude', () => {
    const command = "cat > a.mjs <<'EOF'\nlet a;\nEOF\nnode a.mjs && \\\n  git push";
    const shell = call('Bash', { command, description: 'Push it', timeout: 5 });
    assert.deepEqual(
      [shell.kind, shell.title, shell.note, shell.block, shell.details],
      [
        'shell',
        "cat > a.mjs <<'EOF'",
        'Push it',
        { text: command, language: 'shellscript' },
        [{ name: 'timeout', value: '5' }],
      ],
    );
    assert.deepEqual(shell.risks, ['Pushes to a remote repository']);

    const edit = call('Edit', { file_path: '/repo/src/a.ts', old_string: 'a\nb\nc', new_string: 'a\nB\nc' });
    assert.deepEqual([edit.kind, edit.title, edit.details], ['edit', 'Edit src/a.ts', []]);
    assert.equal(diffText(edit.edits[0]?.hunks ?? []), ' a\n-b\n+B\n c');
    const many = call('MultiEdit', {
      file_path: '/repo/a.ts',
      edits: [
        { old_string: 'a', new_string: 'b' },
        { old_string: 'x', new_string: 'y', replace_all: true },
      ],
    });
    assert.deepEqual(
      many.edits[0]?.hunks.map(({ everywhere }) => everywhere),
      [undefined, true],
    );

    const write = call('Write', { file_path: '/elsewhere/a.txt', content: 'one\ntwo\n' });
    assert.deepEqual([write.kind, write.title, write.edits[0]?.change], ['write', 'Write /elsewhere/a.txt', 'written']);
    assert.deepEqual(write.risks, ['Works outside the worktree']);
    assert.equal(diffText(write.edits[0]?.hunks ?? []), '+one\n+two');

    const read = call('Read', { file_path: '/repo/a.ts', offset: 10, limit: 5 });
    assert.deepEqual(
      [read.kind, read.title, read.paths],
      ['read', 'Read a.ts, lines 10–14', [{ path: 'a.ts', line: 10 }]],
    );
    assert.equal(call('Grep', { pattern: 'x', path: '/repo/src', '-n': true }).title, 'Search for “x” in src');
    assert.equal(call('Grep', { pattern: 'x', path: '/repo' }).title, 'Search for “x”');
    assert.equal(call('Glob', { pattern: '**/*.ts' }).title, 'Find **/*.ts');
    assert.equal(call('WebFetch', { url: 'https://a.b', prompt: 'Why?' }).note, 'Why?');
    assert.equal(call('WebSearch', { query: 'cats' }).title, 'Search the web for “cats”');
    assert.deepEqual(call('TodoWrite', { todos: [{ content: 'x', status: 'in_progress', activeForm: 'y' }] }).steps, [
      { text: 'x', status: 'in_progress' },
    ]);
    const task = call('Task', { description: 'Find it', prompt: '# Do', subagent_type: 'Explore' });
    assert.deepEqual([task.kind, task.title, task.block?.language], ['agent', 'Find it', 'markdown']);
    assert.deepEqual(task.details, [{ name: 'subagent_type', value: 'Explore' }]);
    assert.deepEqual(call('ExitPlanMode', { plan: '# Plan' }).block, { text: '# Plan', language: 'markdown' });

    const question = { question: 'Which?', header: 'Pick', multiSelect: true };
    const asked = call('AskUserQuestion', {
      questions: [{ ...question, options: [{ label: 'A', description: 'a' }] }],
    });
    assert.deepEqual(asked.questions, [
      { text: 'Which?', header: 'Pick', multiSelect: true, options: [{ label: 'A', description: 'a' }] },
    ]);
    assert.deepEqual(asked.details, []);
  });

  it('describes the tools of Codex', () => {
    const shell = call('shell', { command: "/bin/bash -lc 'ls -la'", cwd: '/repo' });
    assert.deepEqual([shell.title, shell.block?.text, shell.details], ['ls -la', 'ls -la', []]);
    assert.equal(call('shell', { command: ['bash', '-lc', 'rm -rf a b'] }).block?.text, 'rm -rf a b');
    const reads = describeTool({ name: 'shell', title: 'cat a', input: { command: 'cat a' }, category: 'read' }, ROOTS);
    assert.deepEqual([reads.kind, reads.block?.text], ['read', 'cat a']);
    const changes = [
      { path: '/repo/a', kind: { type: 'add' }, diff: 'one\n' },
      { path: '/repo/b', kind: { type: 'update', move_path: '/repo/c' }, diff: '@@ -4,2 +4,2 @@\n x\n-y\n+z\n' },
    ];
    const patch = describeTool({ name: '', title: 'Edit a, b', input: { changes, reason: 'because' } }, ROOTS);
    assert.deepEqual([patch.kind, patch.title, patch.note, patch.details], ['edit', 'Edit 2 files', 'because', []]);
    assert.deepEqual(
      patch.edits.map(({ path, change, movedTo, hunks }) => [path, change, movedTo, hunks[0]?.newStart]),
      [
        ['a', 'added', undefined, undefined],
        ['b', 'renamed', 'c', 4],
      ],
    );
    const text = '*** Begin Patch\n*** Update File: a.txt\n@@\n-a\n+b\n*** Add File: c.txt\n+new\n*** End Patch';
    assert.deepEqual(
      call('apply_patch', { input: text }).edits.map(({ path, hunks }) => [path, diffText(hunks)]),
      [
        ['a.txt', '-a\n+b'],
        ['c.txt', '+new'],
      ],
    );
  });

  it('describes the tools of other agents', () => {
    const opencode = call('edit', { filepath: '/repo/a', diff: 'Index: a\n===========\n@@ -1,1 +1,1 @@\n-a\n+b\n' });
    assert.equal(diffText(opencode.edits[0]?.hunks ?? []), '-a\n+b');
    assert.equal(call('text_editor', { command: 'view', path: '/repo/a' }).kind, 'read');
    assert.equal(call('developer__shell', { command: 'ls' }).block?.text, 'ls');
    assert.equal(call('run_shell_command', { command: 'ls' }).kind, 'shell');
    assert.equal(diffText(call('edit', { path: 'a', before: 'x', after: 'y' }).edits[0]?.hunks ?? []), '-x\n+y');
    const server = describeTool({
      name: 'docs',
      title: 'Which?',
      input: {
        server: 'docs',
        form: {
          type: 'object',
          properties: { colour: { type: 'string', enum: ['red', 'blue'], description: 'A colour' } },
        },
      },
    });
    assert.deepEqual(
      [server.kind, server.questions[0]?.options.map(({ label }) => label)],
      ['question', ['red', 'blue']],
    );
  });

  it('keeps all of an unknown tool, and of an input that was cut', () => {
    const other = call('mcp__shop__order', { items: ['a', 'b'], deep: { x: 1 }, no: false, nothing: null });
    assert.deepEqual([other.kind, other.title], ['other', 'shop: order']);
    assert.deepEqual(other.details, [
      { name: 'items', value: 'a\nb' },
      { name: 'deep', value: '{\n  "x": 1\n}' },
      { name: 'no', value: 'false' },
    ]);
    assert.deepEqual(call('Bash', '{"command": "l').block, { text: '{"command": "l', language: 'json' });
    const odd = { file_path: '/repo/a', edits: [{ old: 1 }], questions: [{ question: 'x', extra: 'kept' }] };
    assert.match(textOf(call('Edit', odd)), /kept[\s\S]*"old": 1/);
  });

  it('reads the hunks of a diff', () => {
    const hunks = hunksOfDiff(
      '--- a/x\n+++ b/x\n@@ -3,2 +3,2 @@ f()\n a\n--- b\n+++ c\n\\ No newline at end of file\n',
    );
    assert.deepEqual(hunks, [
      {
        oldStart: 3,
        newStart: 3,
        lines: [
          { kind: 'note', text: 'f()' },
          { kind: 'same', text: 'a' },
          { kind: 'removed', text: '-- b' },
          { kind: 'added', text: '++ c' },
          { kind: 'note', text: '\\ No newline at end of file' },
        ],
      },
    ]);
  });

  it('shows every text of every recorded call and request', () => {
    const calls = recorded('tool.call').map(({ file, data }) => {
      const draft = parseDraft('tool.call', data);
      assert.ok(draft?.kind === 'tool.call', file);
      return { file, input: draft.data.input, tool: recordedCall(draft.data) };
    });
    const requests = recorded('permission.request').map(({ file, data }) => {
      const draft = parseDraft('permission.request', data);
      assert.ok(draft?.kind === 'permission.request', file);
      return { file, input: draft.data.input, tool: recordedRequest(draft.data) };
    });
    assert.ok(calls.length > 50 && requests.length > 5);
    for (const { file, input, tool } of [...calls, ...requests]) {
      const shown = describeTool(tool);
      const lines = linesIn(textOf(shown));
      // Ids and forms of a word that plans repeat are left out, and the folder and the program of a command.
      const said =
        shown.kind === 'todo' ? [] : leaves(input).filter((text) => !/^\/bin\/bash -lc |^(?:add|update)$/.test(text));
      for (const line of said.flatMap(linesIn))
        assert.ok(
          lines.some((each) => each.includes(line.replace(/^[-+]|^@@.*/, ''))),
          `${file}: ${line} of ${JSON.stringify(tool)}`,
        );
    }
  });
});
