/** What an agent in a session starts as its MCP server: it passes bytes on, and the run's runner serves. */
import { constants, open, read } from 'node:fs';
import { Socket } from 'node:net';
import { promisify } from 'node:util';
import { RunPaths } from '../storage/paths';

/** Copies standard input and output to and from the FIFOs of the run until the agent closes its end. */
export async function passOn(runFolder: string): Promise<void> {
  const run = new RunPaths(runFolder);
  const { O_RDWR, O_NONBLOCK } = constants;
  const openBoth = promisify(open); // not of `fs/promises`: its handle would close what the socket has
  const input = await openBoth(run.mcpInput, O_RDWR | O_NONBLOCK);
  const output = await openBoth(run.mcpOutput, O_RDWR | O_NONBLOCK);
  await drain(output);
  const requests = new Socket({ fd: input, readable: false, writable: true });
  const answers = new Socket({ fd: output, readable: true, writable: false });
  requests.write('\n'); // an earlier shim may have died within a line
  process.stdin.pipe(requests);
  answers.pipe(process.stdout);
  await new Promise<void>((resolve) => {
    process.stdin.once('end', resolve).once('error', () => resolve());
    for (const socket of [requests, answers]) socket.once('error', () => resolve());
  });
}

/** Drops answers to an earlier shim, whose requests had the same numbers. */
async function drain(descriptor: number): Promise<void> {
  const buffer = Buffer.alloc(65_536);
  for (;;) {
    const bytesRead = await promisify(read)(descriptor, buffer, 0, buffer.length, null).then(
      (result) => result.bytesRead,
      () => 0, // nothing is there
    );
    if (bytesRead === 0) return;
  }
}
