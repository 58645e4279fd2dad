/**
 * `npm run test:hosts`: hosts behind a real sshd and a cluster with a real Slurm, in namespaces of their own. For root
 * on Linux; on Debian, apt installs sshd, the login shells and Slurm, and nothing is started by that.
 */
import { installProgram, nativeProgram } from './agentPrograms.mjs';
import { installHostPrograms } from './host.mjs';
import { enterProjectNode } from './installation.mjs';

await enterProjectNode(import.meta.filename);
await installHostPrograms();
for (const agent of ['claude', 'codex'])
  process.env[`CORRAL_REAL_${agent.toUpperCase()}_PROGRAM`] = await installProgram(agent)
    .then(nativeProgram)
    .catch((error) => {
      console.error(`${agent} could not be installed: ${error.message}`);
      return '';
    });
process.env.CORRAL_TEST_FOLDER = 'hosts';
process.argv.push('unit');
await import('./test.mjs');
