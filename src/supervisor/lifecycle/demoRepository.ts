import { access, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Git } from '../git/git';
import { findRepository, IDENTITY, identityEnvironment } from '../git/repository';

const FILES: Readonly<Record<string, string>> = {
  'README.md': '# Greeter\n\nA very small program that greets people.\n\n    node src/greet.js Ada\n',
  'package.json':
    '{\n  "name": "greeter",\n  "version": "1.0.0",\n  "private": true,\n  "type": "module",\n  "scripts": { "test": "node --test" }\n}\n',
  'src/greet.js':
    "export function greet(name) {\n  return `Hello, ${name}!`;\n}\n\nconsole.log(greet(process.argv[2] ?? 'world'));\n",
  'test/greet.test.js':
    "import assert from 'node:assert/strict';\nimport { test } from 'node:test';\nimport { greet } from '../src/greet.js';\n\ntest('greets by name', () => {\n  assert.equal(greet('Ada'), 'Hello, Ada!');\n});\n",
};

/** Makes a repository for the demo in the store, where there is none yet. So the demo needs no folder of the user's. */
export async function makeDemoRepository(git: Git, storageDirectory: string): Promise<string> {
  const folder = join(storageDirectory, 'demo', 'greeter');
  if (!(await isComplete(git, folder))) {
    for (const [name, content] of Object.entries(FILES)) {
      await mkdir(join(folder, name, '..'), { recursive: true, mode: 0o700 });
      await writeFile(join(folder, name), content);
    }
    await git.run(folder, ['init', '--quiet'], { findsWorktree: true });
    await git.run(folder, ['add', '--all']);
    await git.run(folder, ['commit', '--quiet', '--message', 'A small program that greets'], {
      environment: identityEnvironment(IDENTITY),
    });
  }
  return (await findRepository(git, folder)).mainWorktree;
}

/** False also for one that a crash left incomplete. Each step of making it can be repeated. */
async function isComplete(git: Git, folder: string): Promise<boolean> {
  return await access(join(folder, '.git'))
    .then(async () => await findRepository(git, folder))
    .then(
      () => true,
      () => false,
    );
}
