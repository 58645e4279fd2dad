/** The program of a host's test: looks at the host, passes bytes back, and starts a process that should go on. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { statfs } from 'node:fs/promises';
import { arch, cpus, freemem, homedir, hostname, totalmem } from 'node:os';
import { pipeline } from 'node:stream/promises';
import * as v from 'valibot';
import { parseJson } from '../../../common/lines/jsonLimits';
import { takeLine } from '../../../common/lines/takeLine';
import { runWithNode } from '../../../common/processes/nodeProcess';
import { oneLine } from '../../../common/oneLine';
import { detectAgents } from '../../agents/agentDetection';
import { findProgram } from '../../agents/discovery';
import type { HostFacts } from '../../system/hostFacts';
import { identityOf, liveness, ownIdentity } from '../../system/identity';
import { readMachine } from '../../system/processTable';
import { readLoginEnvironment } from './loginEnvironment';
import {
  MAX_LINE_BYTES,
  probeRequestSchema,
  type FindAnswer,
  type LookAnswer,
  type ProbeRequest,
} from './probeProtocol';

const ANSWER_LIMIT_MS = 20_000;
/** The process that should go on ends by itself where nobody comes back for it. */
const CHILD_LIFE_MS = 5 * 60_000;

async function answer(request: ProbeRequest): Promise<LookAnswer | FindAnswer> {
  if (request.request === 'look') return { facts: await readFacts(request), child: await startChild() };
  const isAlive = (await liveness(request.child)) === 'alive';
  if (isAlive) process.kill(request.child.pid);
  return { isAlive };
}

async function startChild(): Promise<LookAnswer['child']> {
  const child = spawn(process.execPath, ['-e', `setTimeout(() => {}, ${String(CHILD_LIFE_MS)})`], {
    detached: true,
    stdio: 'ignore',
  });
  child.unref();
  await once(child, 'spawn');
  return (await identityOf(child.pid ?? 0)) ?? { ...(await ownIdentity()), pid: 0 };
}

async function readFacts({ git, root }: { git: string; root: string }): Promise<HostFacts> {
  const login = await readLoginEnvironment();
  Object.assign(process.env, login);
  const home = homedir();
  const absolute = (path: string): string => path.replace(/^~\//, `${home}/`);
  const agents = await detectAgents({ agents: {}, bundles: __dirname, runProcess: runWithNode });
  const disk = await statfs(absolute(root));
  const gitProgram = await findProgram({ program: git, environment: process.env, folders: [] });
  return {
    platform: process.platform,
    architecture: arch(),
    hostName: hostname(),
    home,
    node: { path: process.execPath, version: process.versions.node },
    ...(gitProgram === undefined ? {} : { git: await readVersion(gitProgram.program) }),
    agents: agents
      .filter(({ name }) => name !== 'demo' && name !== 'command')
      .map(({ name, version, missing }) => ({
        name,
        ...(version === undefined ? {} : { version }),
        ...(missing === undefined ? {} : { missing }),
      })),
    machine: await readMachine(),
    cores: cpus().length,
    memoryBytes: totalmem(),
    freeMemoryBytes: freemem(),
    disk: { bytes: disk.blocks * disk.bsize, freeBytes: disk.bavail * disk.bsize },
    clockMs: Date.now(),
    ...(login === undefined ? { environmentProblem: 'The login shell did not tell its variables.' } : {}),
  };
}

async function readVersion(path: string): Promise<{ path: string; version: string }> {
  const { stdout } = await runWithNode([path, '--version'], { timeoutMs: ANSWER_LIMIT_MS });
  return { path, version: oneLine(stdout.toString('utf8')) };
}

async function main(): Promise<void> {
  const line = (await takeLine(process.stdin, MAX_LINE_BYTES)) ?? '';
  const request = v.parse(probeRequestSchema, parseJson(line)?.json);
  process.stdout.write(`${JSON.stringify(await answer(request))}\n`);
  await pipeline(process.stdin, process.stdout);
}

void main();
