import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import * as v from 'valibot';
import { parseHostSettings, type HostSettings } from '../../../src/supervisor/hosts/hostSettings';
import { projectRoot } from '../../support/project';
import { farmReportSchema, type FarmReport, type FarmRequest, type RunDigest } from './farmProtocol';

/** Goes to a host's port, says what ssh would run there, and carries the bytes in two small processes. */
const CARRIER = 'exec 3<>"/dev/tcp/127.0.0.1/$0"; printf "%s %s\\n" "$1" "$4" >&3; cat <&3 & exec cat >&3';

interface FarmProcess {
  process: ChildProcess;
  names: readonly string[];
  /** On which its hosts are reached. */
  port: number;
}

/** Hosts by the hundred, in a few processes. */
export class Farm {
  readonly #processes: readonly FarmProcess[];

  private constructor(processes: readonly FarmProcess[]) {
    this.#processes = processes;
  }

  static async start(names: readonly string[], processCount: number): Promise<Farm> {
    const shares = Array.from({ length: processCount }, (_, index) =>
      names.filter((_name, place) => place % processCount === index),
    );
    const processes = await Promise.all(
      shares.map(async (share) => {
        const path = join(projectRoot, 'out/simulation/farm/farmProcess.js');
        const process = fork(path, [JSON.stringify({ hosts: share })]);
        return { process, names: share, port: (await nextReport(process)).port };
      }),
    );
    return new Farm(processes);
  }

  get settings(): HostSettings {
    return parseHostSettings(
      Object.fromEntries(
        this.#processes.flatMap(({ names, port }) =>
          names.map((name) => [name, { exec: ['bash', '-c', CARRIER, String(port), name] }]),
        ),
      ),
    );
  }

  comeBack(): void {
    for (const { process } of this.#processes) process.send({ order: 'comeBack' } satisfies FarmRequest);
  }

  endRuns(): void {
    for (const { process } of this.#processes) process.send({ order: 'end' } satisfies FarmRequest);
  }

  speak(eventsPerSecond: number): void {
    this.#share(eventsPerSecond, (share) => ({ order: 'speak', eventsPerSecond: share }));
  }

  cut(hosts: number): void {
    this.#share(hosts, (share) => ({ order: 'cut', hosts: share }));
  }

  async report(): Promise<{ connections: number; startedRuns: number; events: number }> {
    const reports = await this.#ask({ order: 'report' });
    const sum = (pick: (report: FarmReport) => number): number => reports.reduce((all, each) => all + pick(each), 0);
    return {
      connections: sum(({ connections }) => connections),
      startedRuns: sum(({ startedRuns }) => startedRuns),
      events: sum(({ events }) => events),
    };
  }

  /** By run id. */
  async runs(): Promise<Map<string, RunDigest>> {
    const reports = await this.#ask({ order: 'reportRuns' });
    return new Map(reports.flatMap(({ runs = [] }) => runs.map((run) => [run.runId, run])));
  }

  end(): void {
    for (const { process } of this.#processes) process.kill();
  }

  async #ask(request: FarmRequest): Promise<FarmReport[]> {
    return await Promise.all(
      this.#processes.map(async ({ process }) => {
        process.send(request);
        return await nextReport(process);
      }),
    );
  }

  #share(amount: number, request: (share: number) => FarmRequest): void {
    for (const { process } of this.#processes) process.send(request(Math.round(amount / this.#processes.length)));
  }
}

async function nextReport(process: ChildProcess): Promise<FarmReport> {
  const [message] = (await once(process, 'message')) as unknown[];
  return v.parse(farmReportSchema, message);
}
