import { statfs } from 'node:fs/promises';
import { availableParallelism, homedir, hostname, totalmem } from 'node:os';
import { oneLine } from '../../common/oneLine';
import { runWithNode } from '../../common/processes/nodeProcess';
import { detectAgents } from '../agents/agentDetection';
import { findGit } from '../git/gitProgram';
import { readContainer } from '../system/container';
import type { HostFacts } from '../system/hostFacts';
import { readFreeMemory, readMachine } from '../system/processTable';
import { OWN_FOLDER } from './ownFolder';

const VERSION_LIMIT_MS = 10_000;

/** They are no programs of the host. */
const OWN_AGENTS = ['demo', 'command'];

/** Looks at this host. `environmentProblem` is why the login shell's environment is not this process's. */
export async function probe(gitName: string, environmentProblem: string | undefined): Promise<HostFacts> {
  const [git, agents, machine, container, freeMemoryBytes, disk] = await Promise.all([
    readGit(gitName),
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

/** The absolute path of git by its path or name; undefined where there is none. */
export async function findGitHere(name: string): Promise<string | undefined> {
  return await findGit(name.replace(/^~(?=\/)/, homedir())).catch(() => undefined);
}

async function readGit(name: string): Promise<HostFacts['git']> {
  const path = await findGitHere(name);
  if (path === undefined) return undefined;
  const { stdout } = await runWithNode([path, '--version'], { timeoutMs: VERSION_LIMIT_MS });
  return { path, version: oneLine(stdout.toString('utf8')) };
}

export async function readDisk(): Promise<HostFacts['disk']> {
  const { bsize, blocks, bavail } = await statfs(OWN_FOLDER);
  return { bytes: bsize * blocks, freeBytes: bsize * bavail };
}
