import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, realpath, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { DraftFile } from '../../../../src/views/composer/draftFile';
import { PromptDrafts } from '../../../../src/views/composer/promptDrafts';

describe('the drafts of a window', () => {
  let folder: string;
  let path: string;
  beforeEach(async () => {
    folder = await realpath(await mkdtemp(join(tmpdir(), 'corral-drafts-')));
    path = join(folder, 'workspace', 'drafts.json');
  });
  afterEach(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  const open = async (): Promise<PromptDrafts> => new PromptDrafts(await DraftFile.open(path), join(folder, 'bytes'));

  it('are on the disk as soon as they are saved, each place with its own', async () => {
    const drafts = await open();
    const texts = ['first', 'second\nline', 'third'];
    await Promise.all(texts.map(async (text, index) => await drafts.saveText(`place ${String(index)}`, text)));
    await drafts.attachBytes('place 0', 'notes.txt', Buffer.from('later'));
    const again = await open();
    assert.deepEqual(
      texts.map((_, index) => again.read(`place ${String(index)}`).text),
      texts,
    );
    assert.deepEqual(
      again.read('place 0').attachments.map(({ name }) => name),
      ['notes.txt'],
    );
    if (process.platform !== 'win32') assert.equal((await stat(path)).mode & 0o777, 0o600);
    await again.saveText('place 1', '');
    assert.equal((await open()).read('place 1').text, '');
  });

  it('begin empty beside a file that is damaged, which stays', async () => {
    await (await open()).saveText('place', 'text');
    await writeFile(path, '{"prompt place": {"text": "te');
    assert.equal((await open()).read('place').text, '');
    assert.deepEqual(await readdir(join(folder, 'workspace')), ['drafts.json.damaged']);
    assert.match(await readFile(`${path}.damaged`, 'utf8'), /"te$/);
  });
});
