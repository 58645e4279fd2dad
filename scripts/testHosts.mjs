/**
 * `npm run test:hosts`: hosts behind a real sshd and a cluster with a real Slurm, in namespaces of their own. For root
 * on Linux; on Debian, apt installs sshd, the login shells and Slurm, and nothing is started by that.
 */
import { installHostPrograms } from './host.mjs';

await installHostPrograms();
process.env.CORRAL_TEST_FOLDER = 'hosts';
process.argv.push('unit');
await import('./test.mjs');
