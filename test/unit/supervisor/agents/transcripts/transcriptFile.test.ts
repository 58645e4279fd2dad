import assert from 'node:assert/strict';
import {
  access,
  mkdir,
  mkdtemp,
  open,
  readdir,
  readFile,
  realpath,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, beforeEach, describe, it } from 'mocha';
import {
  MAX_TRANSCRIPT_BYTES,
  putTranscript,
  readTranscript,
} from '../../../../../src/supervisor/agents/transcripts/transcriptFile';
import type { TranscriptPlace } from '../../../../../src/supervisor/agents/transcripts/transcriptFolders';
import { describeIf } from '../../../../support/skip';

/** Of version 7, which begins with 2026-02-03T10:00:01.000Z. */
const ID = '019c22f1-d8e8-7abc-8def-0123456789ab';
const CODEX_PATH = `2026/02/03/rollout-2026-02-03T10-00-01-${ID}.jsonl`;

const folders: string[] = [];
let home = '';
let cwd = '';

async function* pieces(...texts: string[]): AsyncGenerator<Buffer> {
  for (const each of texts) yield await Promise.resolve(Buffer.from(each));
}

const claude = (): TranscriptPlace => ({ backendType: 'claude', environment: { CLAUDE_CONFIG_DIR: home }, cwd });
const codex = (): TranscriptPlace => ({ backendType: 'codex', environment: { CODEX_HOME: home }, cwd });
const claudeFile = (folder = cwd): string =>
  join(home, 'projects', folder.replaceAll(/[^A-Za-z0-9]/g, '-'), `${ID}.jsonl`);
const codexFile = (): string => join(home, 'sessions', ...CODEX_PATH.split('/'));

async function assertAlone(path: string, content: string): Promise<void> {
  assert.equal(await readFile(path, 'utf8'), content);
  assert.deepEqual(await readdir(dirname(path)), [path.split(/[\\/]/).at(-1)]);
}

beforeEach(async () => {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'corral transcripts ')));
  folders.push(folder);
  home = join(folder, 'home');
  cwd = join(folder, 'work tree.1');
  await mkdir(cwd);
});
after(async () => {
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
});

for (const [name, place, file] of [
  ['Claude Code', claude, claudeFile],
  ['Codex', codex, codexFile],
] as const)
  describe(`a transcript of ${name}`, () => {
    it('is put where the agent looks for it, for nobody else to read, and read from there', async () => {
      await putTranscript(place(), ID, pieces('{"a":1}\n', '{"b":2}\n'));
      await assertAlone(file(), '{"a":1}\n{"b":2}\n');
      if (process.platform !== 'win32') {
        assert.equal((await stat(file())).mode & 0o777, 0o600);
        assert.equal((await stat(dirname(file()))).mode & 0o777, 0o700);
      }
      assert.equal(await text(await readTranscript(place(), ID)), '{"a":1}\n{"b":2}\n');
    });

    it('goes on from the one that is there, in pieces of any length', async () => {
      await putTranscript(place(), ID, pieces('one\ntwo\n'));
      await putTranscript(place(), ID, pieces('on', 'e\ntwo\nth', 'ree\n', 'four\n'));
      await assertAlone(file(), 'one\ntwo\nthree\nfour\n');
      await putTranscript(place(), ID, pieces('one\ntwo\nthree\nfour\n'));
      await assertAlone(file(), 'one\ntwo\nthree\nfour\n');
    });

    it('takes the place of no other one, and of none that is longer', async () => {
      await putTranscript(place(), ID, pieces('one\ntwo\n'));
      await assert.rejects(putTranscript(place(), ID, pieces('one\ntwO\nthree\n')), /another content/);
      await assert.rejects(putTranscript(place(), ID, pieces('one\n')), /longer/);
      await assertAlone(file(), 'one\ntwo\n');
    });

    it('is not put where it does not come whole', async () => {
      const torn = async function* (): AsyncGenerator<Buffer> {
        yield* pieces('one\n');
        throw new Error('The link was lost');
      };
      await assert.rejects(putTranscript(place(), ID, torn()), /The link was lost/);
      assert.deepEqual(await readdir(dirname(file())), []);
      await assert.rejects(readTranscript(place(), ID), /There is no transcript/);
    });

    it('has a bounded size', async () => {
      const large = async function* (): AsyncGenerator<Buffer> {
        yield await Promise.resolve(Buffer.alloc(MAX_TRANSCRIPT_BYTES + 1));
      };
      await assert.rejects(putTranscript(place(), ID, large()), /too large/);
      assert.deepEqual(await readdir(dirname(file())), []);
      await putTranscript(place(), ID, pieces('one\n'));
      const sparse = await open(file(), 'r+');
      await sparse.truncate(MAX_TRANSCRIPT_BYTES + 1);
      await sparse.close();
      await assert.rejects(readTranscript(place(), ID), /has 268435457 bytes/);
    });

    it('has an id that is no path', async () => {
      for (const id of ['../../../etc/passwd', '..', '', `${ID}/..`, `../${ID}`, 'x'.repeat(36)]) {
        await assert.rejects(readTranscript(place(), id), { name: 'ValiError' });
        await assert.rejects(putTranscript(place(), id, pieces('one\n')), { name: 'ValiError' });
      }
      await assert.rejects(access(home));
    });
  });

describeIf(process.platform !== 'win32', 'links need a right there', 'a link among transcripts', () => {
  it('leads nowhere, whether it is the file or a folder', async () => {
    const secret = join(dirname(cwd), 'secret');
    await mkdir(secret);
    for (const [place, file] of [
      [claude, claudeFile],
      [codex, codexFile],
    ] as const) {
      const name = file().split('/').at(-1) ?? '';
      await writeFile(join(secret, name), 'one\n');
      await mkdir(dirname(file()), { recursive: true });
      await symlink(join(secret, name), file());
      await assert.rejects(readTranscript(place(), ID), /is a link/);
      await assert.rejects(putTranscript(place(), ID, pieces('one\ntwo\n')), /is a link/);
      await rm(dirname(file()), { recursive: true });
      await symlink(secret, dirname(file()));
      await assert.rejects(readTranscript(place(), ID), /is a link/);
      await assert.rejects(putTranscript(place(), ID, pieces('one\ntwo\n')), /is a link/);
      assert.equal(await readFile(join(secret, name), 'utf8'), 'one\n');
    }
  });

  it('above them is a person’s own, and the working directory is the one to which it leads', async () => {
    const [elsewhere, way] = [join(dirname(home), 'dotfiles'), join(dirname(cwd), 'way')];
    await mkdir(elsewhere);
    await symlink(elsewhere, home);
    await symlink(cwd, way);
    await putTranscript({ ...claude(), cwd: way }, ID, pieces('one\n'));
    await assertAlone(claudeFile(), 'one\n');
  });
});

describe('a transcript that Claude Code began in another folder', () => {
  it('is found by its id, and goes on there', async () => {
    const path = claudeFile('/some/checkout');
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, 'one\n');
    assert.equal(await text(await readTranscript(claude(), ID)), 'one\n');
    await putTranscript(claude(), ID, pieces('one\ntwo\n'));
    await assertAlone(path, 'one\ntwo\n');
    assert.deepEqual(await readdir(join(home, 'projects')), ['-some-checkout']);
  });

  it('has a folder whose name is not too long for the disk', async () => {
    const deep = join(cwd, ...Array.from({ length: 12 }, () => 'twenty characters 20'));
    await mkdir(deep, { recursive: true });
    await putTranscript({ ...claude(), cwd: deep }, ID, pieces('one\n'));
    const [name = ''] = await readdir(join(home, 'projects'));
    assert.equal(name.length, 200);
    assert.equal(await text(await readTranscript({ ...claude(), cwd: deep }, ID)), 'one\n');
  });
});
