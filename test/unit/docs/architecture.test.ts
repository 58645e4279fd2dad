import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { describe, it } from 'mocha';
import { projectRoot } from '../../support/project';
import { declarationsIn } from './declarations';

const read = (path: string): string => readFileSync(join(projectRoot, path), 'utf8');

/** Also files that are not committed yet. */
const files = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
  cwd: projectRoot,
  encoding: 'utf8',
})
  .split('\0')
  .filter((path) => path !== '');
const known = new Set(files.flatMap((path) => [path, ...foldersOf(path)]));
/** A document may shorten the path of a file to its name. */
const names = new Set(files.map((path) => posix.basename(path)));
const documents = files.filter((path) => path.endsWith('.md') && !path.startsWith('test/fixtures/'));

/** Made by the build or by the benchmark, so not in the repository. */
const GENERATED = /^(dist|out|bench\/results\.json)(\/|$)/;

function foldersOf(path: string): string[] {
  const parts = path.split('/').slice(0, -1);
  return parts.map((_part, index) => parts.slice(0, index + 1).join('/'));
}

/** The text below a heading, up to the next one of its level or above. */
function section(markdown: string, heading: string): string {
  const start = markdown.indexOf(`\n${heading}\n`);
  assert.ok(start >= 0, `there is no heading "${heading}"`);
  const level = heading.indexOf(' ');
  const rest = markdown.slice(start + heading.length + 2);
  const end = rest.search(new RegExp(`^#{1,${level}} `, 'm'));
  return end < 0 ? rest : rest.slice(0, end);
}

/** The numbered items of a list, each as one line. */
function itemsOf(text: string): string[] {
  return text
    .replace(/\n {3,4}(?=\S)/g, ' ')
    .split('\n')
    .filter((line) => /^\d+\. /.test(line));
}

/** Names of files and folders of the project that a document mentions as code. */
function pathsIn(markdown: string): string[] {
  const inline = markdown.replace(/^```[\s\S]*?^```/gm, '').matchAll(/`([^`\n]+)`/g);
  return [...inline]
    .flatMap(([, code = '']) => code.split(/\s/))
    .filter((word) => /^(src|media|test|scripts|bench|docs)\/|^[\w.-]+\.(ts|tsx|mjs|css)$/.test(word))
    .filter((word) => !GENERATED.test(word) && !word.includes('<') && !word.includes('*'))
    .map((word) => word.replace(/[/,.:;]+$/, ''));
}

/** `<file>#<anchor>` of each link to a file of the project. */
function linksIn(markdown: string): string[] {
  return [...markdown.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = '']) => target)
    .filter((link) => !/^\w+:/.test(link));
}

/** As GitHub makes it. */
function anchorsIn(markdown: string): string[] {
  return [...markdown.matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

describe('the documents', () => {
  for (const path of ['An output line', 'New Session', 'Delete']) {
    it(`name the files and functions of the path “${path}”`, () => {
      const items = itemsOf(section(read('docs/architecture.md'), `### ${path}`));
      assert.ok(items.length >= 5, `${items.length} steps`);
      for (const item of items) {
        const [, file = '', name = ''] = /^\d+\. `([^`]+)` — `([^`]+)`: ./.exec(item) ?? [];
        assert.ok(known.has(file), `there is no file for: ${item}`);
        assert.ok(declarationsIn(file, read(file)).has(name), `${file} declares no ${name}`);
      }
    });
  }

  for (const document of documents) {
    it(`name only files that are there: ${document}`, () => {
      const markdown = read(document);
      const missing = pathsIn(markdown).filter((path) => !known.has(path) && !names.has(path));
      assert.deepEqual(missing, []);
      for (const link of linksIn(markdown)) {
        const [path = '', anchor] = link.split('#');
        const target = path === '' ? document : posix.join(posix.dirname(document), path);
        assert.ok(known.has(target), `${document} links to ${link}`);
        if (anchor !== undefined) assert.ok(anchorsIn(read(target)).includes(anchor), `${target} has no #${anchor}`);
      }
    });
  }

  it('give each task of a newcomer at most six files, all of which are there or marked as new', () => {
    const tasks = section(read('CONTRIBUTING.md'), '## Tasks to begin with').split(/^### /m).slice(1);
    assert.ok(tasks.length >= 3);
    for (const task of tasks) {
      const items = itemsOf(task);
      assert.ok(items.length >= 1 && items.length <= 6, `${items.length} files: ${task}`);
      for (const item of items) {
        const [, file = '', isNew] = /^\d+\. `([^`]+)`( \(new\))?: ./.exec(item) ?? [];
        assert.ok(isNew === undefined ? known.has(file) : file !== '', `there is no file for: ${item}`);
      }
    }
  });

  it('are the only documents that comments point to', () => {
    const sources = files.filter((path) => /^(src|media|scripts|bench)\/.*\.(ts|tsx|mjs)$/.test(path));
    const dangling = sources.flatMap((path) =>
      [...read(path).matchAll(/\bdocs\/[\w./-]+\.md\b/g)].map(([name]) => name).filter((name) => !known.has(name)),
    );
    assert.deepEqual(dangling, []);
  });
});
