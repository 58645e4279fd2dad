import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { StorePaths } from '../../../../../src/storage/paths';
import { listSpares } from '../../../../../src/supervisor/lifecycle/spares/spareRecords';
import { ageUnfinishedRecords, auditSpares } from '../../../../support/git/spareAudit';
import { bundleFixtures, projectRoot } from '../../../../support/project';
import { Random } from '../../../../support/random';
import { processesOf } from '../../../../support/processes';
import { waitFor } from '../../../../support/wait';
import { SupervisorFixture } from '../../supervisorFixture';

/** `npm run test:worktrees` tries every step; every day one of each action is enough. */
const EVERY_STEP = process.env['CORRAL_WORKTREE_KILLS'] !== undefined;
/** Each action has more steps than that. */
const FIRST_STEPS = 7;
const SEED = Number(process.env['CORRAL_KILL_SEED'] ?? 20_261_129);

type Action = 'prepare' | 'create' | 'clear';

/** Each row of a table is an action, and what is done before it. */
const ACTIONS: { what: string; action: Action; before: 'nothing' | 'a spare' | 'a spare of an older commit' }[] = [
  { what: 'making a spare', action: 'prepare', before: 'nothing' },
  { what: 'moving a spare', action: 'prepare', before: 'a spare of an older commit' },
  { what: 'taking a spare', action: 'create', before: 'a spare' },
  { what: 'taking a spare of an older commit', action: 'create', before: 'a spare of an older commit' },
  { what: 'removing a spare', action: 'clear', before: 'a spare' },
];

describe(`windows that are killed at any step of what they do with a spare (seed ${SEED})`, function () {
  this.timeout(EVERY_STEP ? 1_800_000 : 120_000);
  const random = new Random(SEED);
  let fixture: SupervisorFixture;
  let bundle = '';
  let commits = 0;
  before(async () => {
    fixture = await SupervisorFixture.create();
    bundle = await bundleFixtures('supervisor/spareSteps.ts');
  });
  after(async () => {
    await fixture.end();
    await rm(bundle, { recursive: true });
  });

  const repository = (): string => fixture.repository.path;
  const commit = async (): Promise<void> => {
    await fixture.repository.commit('Another', { 'count.txt': `${++commits}\n` });
  };

  /** True where the window was killed, false where the action has fewer steps. */
  async function killAt(action: Action, step: number): Promise<boolean> {
    const program = join(bundle, 'spareSteps.js');
    const parameters = [program, fixture.storageDirectory, join(projectRoot, 'dist'), action, repository(), `${step}`];
    const child = spawn(process.execPath, parameters, { stdio: ['ignore', 'ignore', 'inherit'] });
    const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
    assert.ok(signal === 'SIGKILL' || code === 0, `ended with ${String(code)}`);
    // A git that outlived its window works on in the folder.
    await waitFor(async () => (await processesOf(repository())).every(({ command }) => !command.includes('git')), {
      what: 'the end of the window’s git',
    });
    return signal === 'SIGKILL';
  }

  /** Then a session gets what it should, and nothing is left of any. */
  async function check(): Promise<void> {
    const paths = new StorePaths(fixture.storageDirectory);
    await ageUnfinishedRecords(paths);
    const window = fixture.window();
    await window.whenRecovered();
    const sessions = (await window.listSessions()).filter(({ deleted }) => !deleted);
    await auditSpares(paths, fixture.repository, await window.listSessions());
    const { worktreePath, id } = await window.createSession({
      repository: repository(),
      prompt: 'x',
      agent: 'command',
      argv: [process.execPath, '-e', ''],
    });
    assert.equal(await readFile(join(worktreePath, 'count.txt'), 'utf8'), `${commits}\n`);
    for (const session of [{ id }, ...sessions]) {
      await window.kill(session.id).catch(() => undefined);
      await window.deleteSession(session.id);
    }
    await (await window.inventory()).spares.clear();
    assert.equal(await auditSpares(paths, fixture.repository, await window.listSessions()), 0);
    await fixture.close(window);
  }

  for (const { what, action, before } of ACTIONS)
    it(`leave none over and give none twice: ${what}`, async function () {
      let step = EVERY_STEP ? 1 : 1 + random.below(FIRST_STEPS);
      for (; ; step++) {
        await commit();
        if (before !== 'nothing') {
          const window = fixture.window();
          await window.prepareSession({ repository: repository() });
          await fixture.close(window);
          assert.equal((await listSpares(new StorePaths(fixture.storageDirectory))).length, 1);
        }
        if (before === 'a spare of an older commit') await commit();
        const isKilled = await killAt(action, step);
        assert.ok(isKilled || EVERY_STEP);
        await check();
        if (!isKilled || !EVERY_STEP) break;
      }
      if (this.test !== undefined) this.test.title += ` (step ${step})`;
      assert.ok(!EVERY_STEP || step > FIRST_STEPS);
    });
});
