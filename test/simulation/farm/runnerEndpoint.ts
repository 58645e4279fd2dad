import * as v from 'valibot';
import type { Channel } from '../../../src/common/channels/channel';
import { LineSplitter } from '../../../src/common/lines/lineSplitter';
import { isProof, newChallenge, proofOf } from '../../../src/supervisor/runnerProtocol/handshake';
import { clientProofSchema, parseLine, requestSchema } from '../../../src/supervisor/runnerProtocol/protocol';
import { encodeJson } from '../../../src/supervisor/hostProtocol/hostProtocol';
import type { SimulatedRun } from './simulatedRun';

const MAX_LINE_BYTES = 64 * 1024;

/** Speaks on the channel as a runner does on its socket: proves itself, tells of its journal, and ends with the run. */
export function serveRunner(channel: Channel, run: SimulatedRun): void {
  const challenge = newChallenge();
  const say = (line: object): void => void channel.write(`${JSON.stringify(line)}\n`);
  const tell = (): void => {
    say({ method: 'journal', params: { bytes: run.found.journalBytes, seq: run.seq } });
    if (run.isOver) channel.end();
  };
  let isProven = false;
  const lines = new LineSplitter(MAX_LINE_BYTES);
  channel.on('data', (chunk: Buffer) => {
    for (const { bytes } of lines.push(chunk)) {
      const line = parseLine(bytes);
      if (isProven) {
        const request = v.parse(requestSchema, line);
        say({ id: request.id, result: request.method === 'ping' ? run.status : {} });
        continue;
      }
      const { challenge: client, proof } = v.parse(clientProofSchema, line);
      const challenges = { runner: challenge, client };
      if (!isProof(proof, run.nonce, 'client', challenges)) return void channel.destroy();
      say({ proof: proofOf(run.nonce, 'runner', challenges) });
      isProven = true;
      run.changed.on('changed', tell);
      tell();
    }
  });
  channel.once('close', () => run.changed.off('changed', tell));
  channel.once('end', () => channel.end());
  channel.sendMessage(encodeJson({ connected: true }));
  say({ challenge });
}
