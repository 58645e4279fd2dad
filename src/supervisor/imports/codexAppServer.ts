import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type * as v from 'valibot';
import { codexDriver } from '../agents/codex/codexDriver';
import { initializeCodex } from '../agents/codex/codexThread';
import { JsonRpcPeer } from '../agents/driver/jsonRpc';
import type { ImportingAgent } from './nativeSession';

const ANSWER_LIMIT_MS = 30_000;

/** Starts Codex's app server for one request. Rejects where the answer does not fit `schema`. */
export async function askCodex<S extends v.GenericSchema>(
  agent: ImportingAgent,
  cwd: string,
  method: string,
  params: object,
  schema: S,
): Promise<v.InferOutput<S>> {
  const request = { ...agent, prompt: '', promptFile: '', cwd, permissionMode: 'ask' } as const;
  const [program = '', ...words] = codexDriver.launch(request).argv;
  const child = spawn(program, words, {
    cwd,
    env: agent.environment,
    stdio: ['pipe', 'pipe', 'ignore'],
    windowsHide: true,
    timeout: ANSWER_LIMIT_MS,
    killSignal: 'SIGKILL',
  });
  child.stdin.on('error', () => undefined); // the event `exit` tells
  const peer = new JsonRpcPeer((line) => child.stdin.write(line), {});
  try {
    return await new Promise((resolve, reject) => {
      const fail = (reason: string): void => reject(new Error(`Codex cannot be asked for ${method}: ${reason}`));
      child.once('error', reject);
      child.once('exit', () => fail('it ended before it answered'));
      createInterface({ input: child.stdout, crlfDelay: Infinity }).on(
        'line',
        (line) => void peer.read(line, () => undefined),
      );
      initializeCodex(peer, () => peer.requestParsed(method, params, schema, resolve, fail), fail);
    });
  } finally {
    child.stdin.end();
    if (child.exitCode === null && child.signalCode === null && child.pid !== undefined) await once(child, 'exit');
  }
}
