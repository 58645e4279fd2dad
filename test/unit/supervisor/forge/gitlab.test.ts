import assert from 'node:assert/strict';
import { mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, it } from 'mocha';
import { runWithNode } from '../../../../src/common/processes/nodeProcess';
import type { CorralError } from '../../../../src/storage/errors';
import { forgeOf, openForge } from '../../../../src/supervisor/forge/findForge';
import type { Forge } from '../../../../src/supervisor/forge/forge';
import { pageOf } from '../../../../src/supervisor/forge/forge';
import type { ForgeAddress } from '../../../../src/supervisor/forge/forgeAddress';
import { describeIf } from '../../../support/skip';

/** As in the examples of docs.gitlab.com/api, in short. */
const ISSUE = {
  id: 76,
  iid: 6,
  project_id: 4,
  title: 'Consequatur vero maxime',
  description: 'Ratione dolores corrupti.',
  state: 'opened',
  created_at: '2016-01-04T15:31:46.176Z',
  updated_at: '2016-01-04T15:31:46.176Z',
  author: { id: 1, username: 'root', name: 'Administrator' },
  user_notes_count: 4,
  labels: ['foo'],
};
const NOTES = [
  { id: 303, body: 'mentioned in issue #4', author: { username: 'pipin' }, created_at: '2016-01-06', system: true },
  { id: 302, body: 'second', author: { username: 'pipin' }, created_at: '2016-01-05', system: false },
  {
    id: 301,
    body: 'first',
    author: { username: 'merry' },
    created_at: '2016-01-04',
    system: false,
    position: { new_path: 'package.json' },
  },
];

// glab is in few distributions: what its documentation says of arguments and output is written into a stand-in.
describeIf(
  process.platform !== 'win32',
  'the stand-in for glab is a shell script',
  'issues and merge requests of GitLab',
  () => {
    let folder: string;
    let forge: Forge;
    before(async () => {
      folder = await realpath(await mkdtemp(join(tmpdir(), 'corral-glab-')));
      const merge = { ...ISSUE, source_branch: 'topic', target_branch: 'main' };
      for (const [name, value] of Object.entries({ issues: [ISSUE], issue: ISSUE, merge, notes: NOTES }))
        await writeFile(join(folder, name), JSON.stringify(value));
      const script = `#!/bin/sh
echo "$@" >> '${folder}/called'
case "$*" in
*'auth status --hostname '[gw]*.example.com | *'auth status --hostname old.example.com') exit 0 ;;
'config get subfolder --host web.example.com') echo '/tools/git/' ;;
'config get api_host --host old.example.com') echo 'old.example.com/git' ;;
'config get api_host'*) echo "$5" ;;
*'auth status'*) echo "x $4 has not been authenticated with glab. Run \\\`glab auth login --hostname $4\\\`" >&2; exit 1 ;;
*/notes*) cat '${folder}/notes' ;;
*merge_requests/6) cat '${folder}/merge' ;;
*issues/6) cat '${folder}/issue' ;;
*issues\\?*search=nothing*) echo '[]' ;;
*secret*) echo '{"message":"401 Unauthorized"}'; echo 'glab: 401 Unauthorized (HTTP 401)' >&2; exit 1 ;;
*issues\\?*) cat '${folder}/issues' ;;
*) echo '{"message":"404 Not found"}'; echo 'glab: 404 Not found (HTTP 404)' >&2; exit 1 ;;
esac
`;
      await writeFile(join(folder, 'glab'), script, { mode: 0o755 });
      forge = await open('git.example.com', 'group/sub/shop');
    });
    after(async () => await rm(folder, { recursive: true }));

    const open = async (host: string, path: string): Promise<Forge> => {
      const environment = { PATH: `${folder}:/usr/bin:/bin`, GH_CONFIG_DIR: folder };
      return forgeOf(await openForge({ host, path }, { runProcess: runWithNode, environment }));
    };

    it('are listed, found by number, and read with what people wrote', async () => {
      const listed = { kind: 'issue', number: 6, title: 'Consequatur vero maxime', author: 'root', isOpen: true };
      const updatedAt = '2016-01-04T15:31:46.176Z';
      assert.deepEqual(await forge.list('issue', ''), [{ ...listed, updatedAt }]);
      assert.deepEqual(await forge.list('issue', 'nothing & more'), []);
      assert.equal(await forge.find('issue', 7), undefined);
      assert.deepEqual(await forge.read('pullRequest', 6), {
        ...listed,
        kind: 'pullRequest',
        updatedAt,
        body: 'Ratione dolores corrupti.',
        comments: [
          { author: 'merry', createdAt: '2016-01-04', text: 'first', path: 'package.json' },
          { author: 'pipin', createdAt: '2016-01-05', text: 'second' },
        ],
        earlierComments: 2,
        branches: { head: 'topic', base: 'main' },
      });
      const called = await readFile(join(folder, 'called'), 'utf8');
      const api = 'api --hostname git.example.com projects/group%2Fsub%2Fshop';
      const query = 'state=opened&order_by=updated_at&sort=desc&per_page=30';
      assert.ok(called.includes(`${api}/issues?${query}\n`), called);
      assert.ok(called.includes(`${api}/issues?${query}&search=nothing+%26+more\n`), called);
      assert.ok(called.includes(`${api}/merge_requests/6/notes?sort=desc&order_by=created_at&per_page=100\n`), called);
    });

    it('are those of the project without the path below which GitLab lies, as glab has it set', async () => {
      const [host, old] = ['web.example.com', 'old.example.com'];
      const environment = { PATH: `${folder}:/usr/bin:/bin`, GH_CONFIG_DIR: folder };
      const tools = { runProcess: runWithNode, environment };
      const open = async (address: ForgeAddress) => (await openForge(address, tools)).repository;
      const below = await open({ host, path: 'tools/git/group/shop' });
      assert.deepEqual(below, { forge: 'gitlab', host, subfolder: 'tools/git', path: 'group/shop' });
      assert.equal(pageOf(below, 'issue', 6), 'https://web.example.com/tools/git/group/shop/-/issues/6');
      assert.equal((await open({ host: old, path: 'git/group/shop' })).path, 'group/shop');
      // By ssh the project is named without it, and a group may be called like the first half of it.
      for (const path of ['group/shop', 'group/sub/shop', 'tools/gitter/shop'])
        assert.deepEqual(await open({ host, path }), { forge: 'gitlab', host, path });
      const unset = forgeOf(await openForge({ host: 'git.example.com', path: 'git/gone/shop' }, tools));
      await assert.rejects(unset.list('pullRequest', ''), /no repository.*“glab config set subfolder git --host git/);
    });

    it('are asked for only where the user is signed in', async () => {
      const isSignedOut = ({ code }: CorralError): boolean => code === 'FORGE_SIGNED_OUT';
      await assert.rejects(open('other.example.com', 'group/shop'), isSignedOut);
      await assert.rejects((await open('gitlab.com', 'group/secret')).list('issue', ''), isSignedOut);
      const repository = { forge: 'gitlab', host: 'gitlab.com', path: 'group/shop' } as const;
      assert.equal(pageOf(repository, 'pullRequest', 6), 'https://gitlab.com/group/shop/-/merge_requests/6');
    });
  },
);
