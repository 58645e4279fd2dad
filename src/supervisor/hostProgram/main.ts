/** The program on another host: `node corral-host.js serve`. */
import { messageOf } from '../../common/errors';
import { printEnvironment } from './loginEnvironment';
import { serve } from './serve';
import { joinSocket } from './slurm/wayToNode';

async function main([command, word = '']: readonly string[]): Promise<void> {
  if (command === 'serve') await serve();
  else if (command === 'environment') printEnvironment(word);
  else if (command === 'connect') await joinSocket(word);
  else throw new Error('Usage: corral-host.js serve');
}

// Modes of ssh and of batch jobs let others read what is made.
process.umask(0o077);
main(process.argv.slice(2)).then(
  () => process.exit(0),
  (error: unknown) => {
    process.stderr.write(`${messageOf(error)}\n`);
    process.exit(1);
  },
);
