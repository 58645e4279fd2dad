/**
 * `npm run test:hosts`: hosts behind a real sshd, each in namespaces of its own. For root on Linux; on Debian, apt
 * installs sshd and the login shells, and nothing is started by that.
 */
import { installHostPrograms } from './host.mjs';

await installHostPrograms();
process.env.CORRAL_TEST_FOLDER = 'hosts';
process.argv.push('unit');
await import('./test.mjs');
