/**
 * `npm run test:hosts`: hosts behind a real sshd and a cluster with a real Slurm, in namespaces of their own. For root
 * on Linux; on Debian, apt installs sshd, the login shells and Slurm, and nothing is started by that.
 */
import { installProgram } from './agentPrograms.mjs';
import { installHostPrograms } from './host.mjs';
import { enterProjectNode } from './installation.mjs';

await enterProjectNode(import.meta.filename);
await installHostPrograms();
process.env.CORRAL_REAL_CLAUDE_PROGRAM = await installProgram('claude').catch((error) => {
  console.error(`Claude Code could not be installed: ${error.message}`);
  return '';
});
process.env.CORRAL_TEST_FOLDER = 'hosts';
process.argv.push('unit');
await import('./test.mjs');
