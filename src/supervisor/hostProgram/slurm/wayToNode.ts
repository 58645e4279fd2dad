/** The way into a job, since a file of another machine is not live here, and its sockets are not here. */
import { connect } from 'node:net';
import { pipeline } from 'node:stream/promises';
import type { FoundRun } from '../../hostProtocol/sessionRequests';

export function wayToNode(jobId: string): NonNullable<FoundRun['node']> {
  const enter = [
    'srun',
    '--overlap',
    `--jobid=${jobId}`,
    '--quiet',
    '--nodes=1',
    '--ntasks=1',
    '--relative=0',
    '--mpi=none',
    '--export=NONE',
  ];
  return { enter, connect: [...enter, process.execPath, process.argv[1] ?? '', 'connect'] };
}

/** Joins stdin and stdout to a unix socket or a port of the loopback, until one of the two sides has ended. */
export async function joinSocket(endpoint: string): Promise<void> {
  const socket = /^\d+$/.test(endpoint) ? connect(Number(endpoint), 'localhost') : connect(endpoint);
  const stdinEnded = new Promise((resolve) => process.stdin.once('end', resolve));
  process.stdin.pipe(socket);
  await Promise.race([pipeline(socket, process.stdout), stdinEnded]);
}
