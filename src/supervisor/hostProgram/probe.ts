import { statfs } from 'node:fs/promises';
import { availableParallelism, homedir, hostname, totalmem } from 'node:os';
import { dirname } from 'node:path';
import { oneLine } from '../../common/oneLine';
import { runWithNode } from '../../common/processes/nodeProcess';
import { detectAgents } from '../agents/agentDetection';
import { findGit } from '../git/gitProgram';
import { readContainer } from '../system/container';
import type { HostFacts } from '../system/hostFacts';
import { readFreeMemory, readMachine } from '../system/processTable';

const VERSION_LIMIT_MS = 10_000;

/** The folder of this program, which lies on the disk that Corral uses here. */
const OWN_FOLDER = dirname(process.argv[1] ?? '');

/** They are no programs of the host. */
const OWN_AGENTS = ['demo', 'command'];

/** Looks at this host. `environmentProblem` is why the login shell's environment is not this process's. */
export async function probe(gitName: string, environmentProblem: string | undefined): Promise<HostFacts> {
  const [git, agents, machine, container, freeMemoryBytes, disk] = await Promise.all([
    readGit(gitName.replace(/^~(?=\/)/, homedir())),
    detectAgents({ agents: {}, bundles: OWN_FOLDER, runProcess: runWithNode }),
    readMachine(),
    readContainer(),
    readFreeMemory(),
    readDisk(),
  ]);
  return {
    platform: process.platform,
    architecture: process.arch,
    hostName: hostname(),
    home: homedir(),
    node: { path: process.execPath, version: process.versions.node },
    ...(git === undefined ? {} : { git }),
    agents: agents
      .filter(({ name }) => !OWN_AGENTS.includes(name))
      .map(({ name, version, missing }) => ({
        name,
        ...(version === undefined ? {} : { version }),
        ...(missing === undefined ? {} : { missing }),
      })),
    machine,
    ...(container === undefined ? {} : { container }),
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    freeMemoryBytes: Math.round(freeMemoryBytes),
    disk,
    clockMs: Date.now(),
    ...(environmentProblem === undefined ? {} : { environmentProblem }),
  };
}

async function readGit(name: string): Promise<HostFacts['git']> {
  const path = await findGit(name).catch(() => undefined);
  if (path === undefined) return undefined;
  const { stdout } = await runWithNode([path, '--version'], { timeoutMs: VERSION_LIMIT_MS });
  return { path, version: oneLine(stdout.toString('utf8')) };
}

async function readDisk(): Promise<HostFacts['disk']> {
  const { bsize, blocks, bavail } = await statfs(OWN_FOLDER);
  return { bytes: bsize * blocks, freeBytes: bsize * bavail };
}
