import { createHash } from 'node:crypto';
import { once } from 'node:events';
import type { HostProgram } from '../../../src/supervisor/hosts/transport/bootstrap';
import type { Transport } from '../../../src/supervisor/hosts/transport/openTransport';

/** A program in the place of the host program that says its name and then what it is told. */
export function echoProgram(version: string): HostProgram {
  const bytes = Buffer.from(
    `process.stdout.write(${JSON.stringify(version)} + " " + process.argv[2] + "\\n"); process.stdin.pipe(process.stdout);`,
  );
  return { version, bytes, sha256: createHash('sha256').update(bytes).digest('hex') };
}

/** What the program says where it is told `word`; ends the transport's process by that. */
export async function talk({ process }: Transport, word: Uint8Array | string): Promise<string> {
  const chunks: Buffer[] = [];
  process.output.on('data', (chunk: Buffer) => chunks.push(chunk));
  process.input.end(word);
  await process.ended;
  return Buffer.concat(chunks).toString('latin1');
}

/** The same for what it says by itself; the program goes on. */
export async function firstWords({ process }: Transport): Promise<string> {
  const [chunk] = (await once(process.output, 'data')) as [Buffer];
  return chunk.toString('latin1');
}
