import assert from 'node:assert/strict';
import { it } from 'mocha';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { identityOf, liveness } from '../../../../src/supervisor/system/identity';
import type { RunProcess } from '../../../../src/supervisor/runs/runProcesses';
import { describeIf } from '../../../support/skip';
import { waitFor } from '../../../support/wait';
import { until, SupervisorFixture } from '../supervisorFixture';

const roles = (processes: readonly RunProcess[]): string[] =>
  processes.flatMap(({ role, children }) => [role, ...roles(children)]);
const FOREVER = 'setInterval(() => 0, 1e6)';

describeIf(
  process.platform === 'linux',
  'only Linux tells whose a process is',
  'the processes of sessions',
  function () {
    it('are listed as a tree with memory and age; what outlived its run is ended by hand, an editor never', async () => {
      const fixture = await SupervisorFixture.create();
      try {
        const window = fixture.window();
        const script = `
        const { spawn } = require('node:child_process');
        const start = (code, env) => spawn(process.execPath, ['-e', code], { detached: true, stdio: 'ignore', env: { ...process.env, ...env } });
        const [left, editor] = [start(${JSON.stringify(FOREVER)}, {}), start(${JSON.stringify(FOREVER)}, { VSCODE_CLI: '1' })];
        require('node:fs').writeFileSync('pids', left.pid + ' ' + editor.pid);
        const wait = () => require('node:fs').existsSync('go') ? process.exit() : setTimeout(wait, 20);
        wait();`;
        const argv = [process.execPath, '-e', script];
        const { id, worktreePath } = await window.createSession({
          repository: fixture.repository.path,
          prompt: 'x',
          agent: 'command',
          argv,
        });
        const [left = 0, editor = 0] = (
          await waitFor(async () => (await readFile(join(worktreePath, 'pids'), 'utf8')) || undefined, {
            what: 'the pids',
          })
        )
          .split(' ')
          .map(Number);
        const processes = await window.processes();
        const [session] = await processes.list();
        assert.equal(session?.sessionId, id);
        assert.deepEqual(roles(session.processes).slice(0, 3), ['runner', 'agent', 'tool']);
        const [runner] = session.processes;
        assert.ok(
          runner !== undefined &&
            runner.memoryBytes > 1024 * 1024 &&
            runner.ageMs < 600_000 &&
            runner.command.includes('runner.js'),
          JSON.stringify(runner),
        );
        await assert.rejects(processes.end(runner.entry), { code: 'CONFLICT' });

        const [leftBehind, itsEditor] = await Promise.all([left, editor].map(identityOf));
        assert.ok(leftBehind && itsEditor);
        await writeFile(join(worktreePath, 'go'), '');
        await until(window, id, ({ status }) => status === 'Completed', 'the end');
        const strays = await waitFor(
          async () => {
            const found = (await processes.list()).flatMap((each) => each.processes);
            return found.length === 1 && found;
          },
          { what: 'only what was left behind' },
        );
        assert.deepEqual([strays[0]?.role, strays[0]?.entry.pid], ['stray', left]);
        if (strays[0] !== undefined) await processes.end(strays[0].entry);
        assert.equal(await liveness(leftBehind), 'dead');
        assert.equal(await liveness(itsEditor), 'alive');
        process.kill(editor, 'SIGKILL');
      } finally {
        await fixture.end();
      }
    });
  },
);
