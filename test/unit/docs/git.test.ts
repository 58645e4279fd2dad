import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { runWithNode } from '../../../src/common/processes/nodeProcess';
import type { RunProcess } from '../../../src/common/processes/runProcess';
import { Git } from '../../../src/supervisor/git/git';
import { fillIsolatedFolder, isolatedVariables } from '../../../src/supervisor/git/isolated/isolatedFolder';
import { NO_PROGRAMS, PROGRAM_SECTIONS, SAFE_CONFIGURATION } from '../../../src/supervisor/git/safeConfiguration';
import { projectRoot } from '../../support/project';
import { applyAndUndo, deleteAndRecreate, goBack, lookAt, makeOthers } from '../../support/git/sessionOperations';
import { GitFixture, write } from '../supervisor/git/gitFixture';

const page = readFileSync(join(projectRoot, 'docs/git.md'), 'utf8');
const wordsIn = (text: string): Set<string> => new Set([...text.matchAll(/`([^`]+)`/g)].map(([, word = '']) => word));
const allWords = wordsIn(page);

/** The commands in the first column of the table below a heading. */
function commandsBelow(heading: string): Set<string> {
  const section =
    page
      .slice(page.indexOf(`\n## ${heading}\n`))
      .slice(1)
      .split('\n## ')[0] ?? '';
  const table = section.slice(section.indexOf('| commands | for |')).split('\n\n')[0] ?? '';
  return wordsIn(
    table
      .split('\n')
      .map((row) => row.split('|')[1] ?? '')
      .join('\n'),
  );
}

const isolated = commandsBelow('The isolated git dir');
const own = commandsBelow("The repository's own git dir");
const transfer = commandsBelow('Another machine');

/** The commands of git that the code names first in a list. */
function commandsInCode(): Set<string> {
  const known = new Set(execFileSync('git', ['--list-cmds=main'], { encoding: 'utf8' }).split('\n'));
  const folders = ['git', 'lifecycle', 'hosts/work'].map((folder) => `src/supervisor/${folder}`);
  folders.push('src/views/review', 'src/views/pickers');
  const found = new Set<string>();
  for (const folder of folders)
    for (const name of readdirSync(join(projectRoot, folder), { recursive: true, encoding: 'utf8' })) {
      // These name settings, or what goes to a terminal of the person's.
      if (
        !name.endsWith('.ts') ||
        /isolatedFolder|safeConfiguration|configurationChanges|pullRequest|filterPrograms/.test(name)
      )
        continue;
      const code = readFileSync(join(projectRoot, folder, name), 'utf8');
      for (const [, word = ''] of code.matchAll(/(?:\[|list\()\s*'([a-z-]+)'/g)) if (known.has(word)) found.add(word);
    }
  return found;
}

describe('docs/git.md', () => {
  let fixture: GitFixture;
  before(async () => (fixture = await GitFixture.create()));
  after(async () => fixture.remove());

  it('has every command that the code uses, and no other', () => {
    assert.deepEqual([...commandsInCode()].sort(), [...new Set([...isolated, ...own, ...transfer])].sort());
  });

  it('says of each command in which git dir it runs', async () => {
    const started: { command: string; environment: NodeJS.ProcessEnv }[] = [];
    const run: RunProcess = async (argv, options) => {
      const [program, command = ''] = argv;
      // Attributes of files are read by `tar`.
      if (basename(program).startsWith('git')) started.push({ command, environment: options?.environment ?? {} });
      return await runWithNode(argv, options);
    };
    const session = await fixture.freshSession({ 'a.txt': 'a\n' });
    await fixture.user(session.path, 'config', 'user.name', 'Robin');
    await fixture.user(session.path, 'config', 'user.email', 'robin@example.com');
    await write(session.path, { 'a.txt': 'changed\n', 'new.txt': 'n\n' });
    const watched = { ...session, repository: { ...session.repository, git: new Git(run) } };
    for (const operation of [lookAt, applyAndUndo, makeOthers, goBack, deleteAndRecreate]) await operation(watched);
    const isIsolated = ({ environment }: (typeof started)[number]): boolean =>
      environment['GIT_CONFIG_GLOBAL'] === '/dev/null' && environment['GIT_CONFIG_COUNT'] === '0';
    const others = started.filter(({ command }) => command !== '--version');
    const commands = (list: typeof started): string[] => [...new Set(list.map(({ command }) => command))];
    const isolatedCalls = others.filter(isIsolated);
    const ownCalls = others.filter((call) => !isIsolated(call));
    assert.ok(isolatedCalls.length > 50 && ownCalls.length > 20);
    assert.deepEqual(
      commands(isolatedCalls).filter((command) => !isolated.has(command)),
      [],
    );
    assert.deepEqual(
      commands(ownCalls).filter((command) => !own.has(command)),
      [],
    );
    for (const { command, environment } of others) {
      assert.equal(environment['GIT_ALLOW_PROTOCOL'], 'none', command);
      assert.deepEqual(
        Object.keys(environment).filter(
          (name) => name.startsWith('GIT_') && !/_(KEY|VALUE|COUNT)/.test(name) && !allWords.has(name),
        ),
        [],
      );
    }
    for (const { command, environment } of ownCalls)
      assert.ok(Number(environment['GIT_CONFIG_COUNT']) >= SAFE_CONFIGURATION.length + NO_PROGRAMS.length, command);
  });

  it('has every setting that is set, and every variable', async () => {
    for (const [key] of [...SAFE_CONFIGURATION, ...NO_PROGRAMS]) assert.ok(allWords.has(key), key);
    for (const section of PROGRAM_SECTIONS) assert.ok(allWords.has(`${section}.*`), section);
    const folder = await mkdtemp(join(tmpdir(), 'corral-test-'));
    const settings = { autocrlf: 'true', eol: 'lf', excludesFile: 'a', attributesFile: 'b', symlinks: true };
    const traits = { ignoresCase: false, hasLinks: true, hasExecutableBit: true };
    const files = { traits, settings, view: 'git' } as const;
    await fillIsolatedFolder(folder, folder, { format: 'sha256', isDurable: true, files });
    let section = '';
    for (const line of (await readFile(join(folder, 'config'), 'utf8')).split('\n')) {
      section = /^\[(\w+)\]/.exec(line)?.[1] ?? section;
      const name = /^\t(\w+) =/.exec(line)?.[1];
      if (name !== undefined) assert.ok(allWords.has(`${section}.${name}`), `${section}.${name}`);
    }
    for (const name of Object.keys(await isolatedVariables(folder, folder, folder)))
      assert.ok(allWords.has(name), name);
    await rm(folder, { recursive: true });
  });
});
