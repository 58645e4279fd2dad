/** A cluster with a real Slurm on this machine: each node has processes and a host name of its own. */
import assert from 'node:assert/strict';
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { access, chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { messageOf } from '../../../src/common/errors';
import { listProcesses } from '../processes';
import { waitFor } from '../wait';

const run = promisify(execFile);

const PROGRAMS = ['munged', 'slurmctld', 'slurmd', 'sbatch', 'squeue', 'scancel', 'srun'];
const PLACES = ['/usr/sbin', '/usr/bin'];
const NODES = ['n1', 'n2'] as const;
export type NodeName = (typeof NODES)[number];
/** The older hierarchy of cgroups, in which every process may make groups of its own. */
const MEMORY_GROUPS = '/sys/fs/cgroup/memory';

/** Why there is no cluster to be had here; undefined where there is. */
export async function noSlurm(): Promise<string | undefined> {
  if (process.platform !== 'linux') return 'only Linux has Slurm';
  if (process.getuid?.() !== 0) return 'only root can make a cluster';
  for (const program of PROGRAMS) {
    const found = await Promise.all(PLACES.map(async (place) => await isThere(join(place, program))));
    if (!found.includes(true)) return `there is no ${program} here (npm run test:hosts installs Slurm)`;
  }
  try {
    await run('unshare', ['--uts', '--mount', '--pid', '--fork', 'true']);
    return undefined;
  } catch (error) {
    return `nodes cannot be kept apart here: ${messageOf(error).trim()}`;
  }
}

/** Why Slurm cannot limit the memory of a job here; undefined where it can. */
export async function noMemoryLimit(): Promise<string | undefined> {
  const path = join(MEMORY_GROUPS, `corral-try-${randomBytes(4).toString('hex')}`);
  try {
    await mkdir(path);
    await run('rmdir', [path]);
    return undefined;
  } catch (error) {
    return `Slurm cannot limit memory here: ${messageOf(error)}`;
  }
}

export class SlurmCluster {
  readonly #folder: string;
  readonly #processes: ChildProcess[] = [];
  #controller: ChildProcess | undefined;
  readonly #onExit = (): void => this.#killAll();

  private constructor(folder: string) {
    this.#folder = folder;
  }

  static async start(): Promise<SlurmCluster> {
    const folder = await mkdtemp(join(tmpdir(), 'corral-slurm-'));
    const cluster = new SlurmCluster(folder);
    try {
      await cluster.#prepare();
      return cluster;
    } catch (error) {
      const said = await cluster.logs();
      await cluster.stop();
      throw new Error(`The cluster did not start:\n${said}`, { cause: error });
    }
  }

  /** Variables by which Slurm's programs find this cluster, and no other one. */
  get environment(): { SLURM_CONF: string } {
    return { SLURM_CONF: join(this.#folder, 'slurm.conf') };
  }

  /** Runs a program of Slurm as a person does on the login node. */
  async ask(...argv: [string, ...string[]]): Promise<string> {
    const [program, ...parameters] = argv;
    const { stdout } = await run(program, parameters, { env: { ...process.env, ...this.environment } });
    return stdout.trim();
  }

  /** The job's state in the words of Slurm; '' where Slurm has forgotten it. */
  async stateOf(jobId: string): Promise<string> {
    return await this.ask('squeue', '--noheader', '--states=all', '--format=%T', `--jobs=${jobId}`).catch(() => '');
  }

  /** Ids of all jobs that have the name of this run. */
  async jobsOf(runId: string): Promise<string[]> {
    const name = `--name=corral-${runId}`;
    const ids = await this.ask('squeue', '--noheader', '--states=all', '--format=%A', name);
    return ids.split('\n').filter((id) => id !== '');
  }

  async nodeState(node: NodeName): Promise<string> {
    return await this.ask('sinfo', '--noheader', `--nodes=${node}`, '--format=%T');
  }

  /** Ends the node's daemon, and leaves its jobs. */
  async killDaemon(node: NodeName): Promise<void> {
    const start = `slurmd -D -N ${node} -f ${this.#file('slurm.conf')}`;
    const daemon = (await listProcesses()).find(({ command }) => command.startsWith(start));
    if (daemon === undefined) throw new Error(`There is no slurmd of ${node}`);
    process.kill(daemon.pid, 'SIGKILL');
  }

  /** Starts the node's daemon again in the node. */
  async startDaemon(node: NodeName): Promise<void> {
    await writeFile(this.#file(`restart.${node}`), '');
    await this.#untilUp(node);
  }

  /** Makes the scheduler forget all jobs that there were, as it does by itself after some minutes. */
  async forgetJobs(): Promise<void> {
    const ended = once(this.#controller ?? assert.fail(), 'exit');
    this.#controller?.kill('SIGKILL');
    await ended;
    await this.#startController('-c');
    for (const node of NODES) await this.#untilUp(node);
  }

  async #startController(...options: string[]): Promise<void> {
    this.#controller = this.#start('slurmctld', ['-D', '-f', this.#file('slurm.conf'), ...options]);
    await waitFor(async () => / UP/.test(await this.ask('scontrol', 'ping')), { what: 'slurmctld' });
  }

  async stop(): Promise<void> {
    process.off('exit', this.#onExit);
    this.#killAll();
    const left = this.#processes.filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null);
    await Promise.all(left.map((each) => new Promise((resolve) => each.once('exit', resolve))));
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  }

  async logs(): Promise<string> {
    const names = (await readdir(this.#folder)).filter((name) => name.endsWith('.log'));
    const texts = names.map(async (name) => `── ${name}\n${(await readFile(this.#file(name), 'utf8')).slice(-20_000)}`);
    return (await Promise.all(texts)).join('\n');
  }

  #file(name: string): string {
    return join(this.#folder, name);
  }

  async #prepare(): Promise<void> {
    process.on('exit', this.#onExit);
    await chmod(this.#folder, 0o755);
    await writeFile(this.#file('munge.key'), randomBytes(128), { mode: 0o400 });
    await this.#writeConfiguration();
    this.#start('munged', [
      '--foreground',
      '--force',
      `--key-file=${this.#file('munge.key')}`,
      `--socket=${this.#file('munge.socket')}`,
      `--seed-file=${this.#file('munge.seed')}`,
      `--pid-file=${this.#file('munge.pid')}`,
      `--log-file=${this.#file('munged.log')}`,
    ]);
    await waitFor(async () => await isThere(this.#file('munge.socket')), { what: 'munged' });
    await this.#startController();
    for (const node of NODES) this.#startNode(node);
    for (const node of NODES) await this.#untilUp(node);
  }

  async #untilUp(node: NodeName): Promise<void> {
    await waitFor(async () => /^(idle|mixed|allocated)$/.test(await this.nodeState(node)), {
      what: `the node ${node}`,
    });
  }

  /** A node's first process starts its daemon, and again where a file asks for that. */
  #startNode(node: NodeName): void {
    const restart = this.#file(`restart.${node}`);
    const script = [
      `hostname ${node}`,
      'while :; do',
      `  slurmd -D -N ${node} -f ${this.#file('slurm.conf')} &`,
      '  wait $!',
      `  while [ ! -e ${restart} ]; do sleep 0.1; done`,
      `  rm ${restart}`,
      'done',
    ].join('\n');
    this.#start('unshare', [...NAMESPACES, 'sh', '-c', script]);
  }

  #start(program: string, parameters: readonly string[]): ChildProcess {
    const env = { ...process.env, ...this.environment, PATH: `${process.env['PATH'] ?? ''}:${PLACES.join(':')}` };
    const child = spawn(program, parameters, { env, stdio: 'ignore' });
    this.#processes.push(child);
    return child;
  }

  #killAll(): void {
    for (const each of this.#processes.toReversed()) each.kill('SIGKILL');
  }

  async #writeConfiguration(): Promise<void> {
    const [controller, ...ports] = await freePorts(1 + NODES.length);
    const limitsMemory = (await noMemoryLimit()) === undefined;
    const folder = this.#folder;
    await mkdir(this.#file('state'));
    for (const node of NODES) await mkdir(this.#file(`spool.${node}`));
    const lines = [
      'ClusterName=corral-test',
      `SlurmctldHost=${hostname()}(127.0.0.1)`,
      'SlurmUser=root',
      'AuthType=auth/munge',
      `AuthInfo=socket=${this.#file('munge.socket')}`,
      `SlurmctldPort=${String(controller)}`,
      `StateSaveLocation=${this.#file('state')}`,
      `SlurmdSpoolDir=${folder}/spool.%n`,
      `SlurmctldPidFile=${this.#file('slurmctld.pid')}`,
      `SlurmdPidFile=${folder}/slurmd.%n.pid`,
      `SlurmctldLogFile=${this.#file('slurmctld.log')}`,
      `SlurmdLogFile=${folder}/slurmd.%n.log`,
      ...(limitsMemory
        ? ['ProctrackType=proctrack/cgroup', 'TaskPlugin=task/cgroup']
        : ['ProctrackType=proctrack/linuxproc', 'TaskPlugin=task/none']),
      'JobAcctGatherType=jobacct_gather/none',
      'MpiDefault=none',
      'SelectType=select/cons_tres',
      'SelectTypeParameters=CR_CPU_Memory',
      'SchedulerParameters=bf_interval=1,sched_interval=1,batch_sched_delay=0',
      'DefMemPerCPU=200',
      'ReturnToService=2',
      'KillWait=10',
      'SlurmdTimeout=10',
      'InactiveLimit=0',
      ...NODES.map(
        (node, index) =>
          `NodeName=${node} NodeHostname=${node} NodeAddr=127.0.0.1 Port=${String(ports[index])} CPUs=1 RealMemory=1000`,
      ),
      ...NODES.map((node) => `PartitionName=${node} Nodes=${node} MaxTime=INFINITE`),
      `PartitionName=all Nodes=${NODES.join(',')} Default=YES MaxTime=INFINITE`,
      '',
    ];
    await writeFile(this.#file('slurm.conf'), lines.join('\n'));
    const limits = ['CgroupPlugin=cgroup/v1', 'ConstrainRAMSpace=yes', 'ConstrainSwapSpace=yes', 'AllowedSwapSpace=0'];
    await writeFile(this.#file('cgroup.conf'), limits.join('\n'));
  }
}

async function isThere(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  for (const server of servers) if (!server.listening) await once(server, 'listening');
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  for (const server of servers) server.close();
  return ports;
}

/** The end of `unshare` ends the first process of the node, and that ends all others. */
const NAMESPACES = ['--uts', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc'];
