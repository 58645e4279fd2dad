/** Files and sockets of the machine on which a run's processes are. */
import { Duplex, pipeline, type Readable, Transform } from 'node:stream';
import * as l10n from '@vscode/l10n';
import { collectOutput } from '../../../../common/processes/collectOutput';
import { oneLine } from '../../../../common/oneLine';
import { CorralError } from '../../../../storage/errors';
import type { FoundRun } from '../../../hostProtocol/sessionRequests';
import type { HostConnection, HostProcess } from '../../../system/hostConnection';

const MAX_ERROR_BYTES = 64 * 1024;
/** By a program that every node has, since it uses memory of the job. The shell finds it without a PATH. */
const TAIL = ['/bin/sh', '-c', 'exec tail -c "$1" -F "$2"', 'sh'];

/** As `HostConnection.tail`, of a file on a job's node. */
export function tailOnNode(
  connection: HostConnection,
  { enter }: NonNullable<FoundRun['node']>,
  path: string,
  offset: number,
): Readable {
  const program = start(connection, [...enter, ...TAIL, `+${String(offset + 1)}`, path]);
  const said = collectOutput(program.stderr, MAX_ERROR_BYTES, () => program.stderr.resume());
  const checked = new Transform({
    transform: (chunk, _encoding, done) => done(null, chunk),
    flush: (done) => {
      program.ended.then(
        () => done(nodeError(Buffer.concat(said).toString('utf8'))),
        (error: unknown) => done(error as Error),
      );
    },
  });
  pipeline(program.stdout, checked, () => undefined);
  return checked;
}

/** As `HostConnection.connectSocket`. */
export async function connectToRun(
  connection: HostConnection,
  { node }: Pick<FoundRun, 'node'>,
  endpoint: string | number,
): Promise<Duplex> {
  if (node === undefined) return await connection.connectSocket(endpoint);
  const program = start(connection, [...node.connect, String(endpoint)]);
  program.stderr.resume();
  return Duplex.from({ readable: program.stdout, writable: program.stdin });
}

function start(connection: HostConnection, [program = '', ...parameters]: readonly string[]): HostProcess {
  return connection.start([program, ...parameters]);
}

function nodeError(said: string): CorralError {
  return new CorralError(
    'HOST_FAILED',
    l10n.t('There is no way into the job of this session any more: {reason}', { reason: oneLine(said) }),
  );
}
