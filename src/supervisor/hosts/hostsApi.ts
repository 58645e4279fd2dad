/** What the API tells of other hosts. */
import type { Disposable, Event } from '../../common/disposable';

export type HostCheckName =
  'connection' | 'node' | 'git' | 'agents' | 'bytes' | 'detached' | 'slurm' | 'clock' | 'disk';

/** One thing that a session needs of a host. */
export interface HostCheck {
  name: HostCheckName;
  /** `failed`: no session can run there. `warning`: some can. */
  state: 'passed' | 'warning' | 'failed';
  /** What was found, in a few words. */
  found: string;
  /** What to do about it, in a sentence; absent where it passed. */
  advice?: string;
  /** Of a check that failed. */
  code?: 'HOST_CLOCK_OFF' | 'HOST_CANNOT_DETACH' | 'HOST_DISK_FULL' | 'HOST_GIT_MISSING' | 'HOST_FAILED';
}

/** What a test of a host found. Times are ISO 8601 UTC. */
export interface HostTestReport {
  host: string;
  testedAt: string;
  /** The host's own name. */
  hostName: string;
  /** From the start of the connection until the host program answered. */
  connectMs: number;
  /** For the smallest question and its answer. */
  roundTripMs: number;
  /** False where a check failed. */
  usable: boolean;
  checks: HostCheck[];
  /** The agents that can be used there, of those that Corral knows without a setting. */
  agents: { name: string; version?: string }[];
  cores: number;
  memory: HostSpace;
  /** The disk that holds the folder for all that Corral keeps there. */
  disk: HostSpace;
  /** What the host printed before its program spoke, such as a greeting; '' for nothing. */
  printed: string;
}

export interface HostSpace {
  bytes: number;
  freeBytes: number;
}

/** `slurm`: runs are jobs of the cluster to which the login node leads. */
export type HostKind = 'ssh' | 'exec' | 'slurm';

/** An entry of the setting `corral.hosts`. */
export interface HostSummary {
  name: string;
  /** Absent where the entry is wrong. */
  kind?: HostKind;
  /** The way in, also of a cluster's login node. Absent where the entry is wrong. */
  enteredBy?: 'ssh' | 'exec';
  /** ssh's name for it, or the program that enters it with its arguments. */
  target?: string;
  /** What is wrong with the entry, in a sentence. */
  problem?: string;
  /** What the last test found, in this window or an earlier one; absent once the entry has changed. */
  lastTest?: HostTestReport;
  /** Why the last test of this window did not get there, and when; absent once one did. */
  failure?: { reason: string; at: string };
  /** That on which sessions work; absent where this window needed none. `reason`: why it is unreachable. */
  connection?: { state: 'connecting' | 'connected' | 'unreachable'; since: string; reason?: string };
}

/** The host of a session that works on one. Times are ISO 8601 UTC. */
export interface SessionHost {
  name: string;
  kind: HostKind;
  /** `unreachable` says nothing of the session, which may well go on there. `idle`: nothing is needed of the host. */
  state: 'idle' | 'connecting' | 'connected' | 'unreachable';
  /** Since when it is so; absent for `idle`. */
  since?: string;
  /** Why nothing is heard of the session although there is a connection: for example, it leads to another machine. */
  reason?: string;
  /** The job that the current run is, in the words of Slurm: why it waits, or how it ended. Only for `slurm`. */
  job?: { id: string; state: string; reason?: string };
  /** The time of the last event that is here. */
  mirroredTo?: string;
  /** Why the session's last work is on the host alone, in a sentence; absent where it is here. */
  workProblem?: string;
  /** It is deleted here alone. What is there is deleted as soon as the host is back, unless that is undone before. */
  remains?: true;
}

/** The host that a session left when it went on here. */
export interface FormerHost {
  name: string;
  /** ISO 8601 UTC. */
  leftAt: string;
  /** Its run there may still go on, as far as anybody knows. It is stopped as soon as the host answers. */
  mayGoOn?: true;
}

export interface DeleteOptions {
  /** Where its host cannot be reached, it is deleted here alone, and there as soon as the host is back. */
  forgetHere?: boolean;
}

/** A port of a session's host that is at `localPort` of this computer's loopback. */
export interface ForwardedPort extends Disposable {
  readonly sessionId: string;
  readonly port: number;
  readonly localPort: number;
}

export interface HostsApi {
  listHosts(): Promise<HostSummary[]>;
  /**
   * Connects to a host, installs Corral's program there where it is missing, and tries what a session needs of it.
   * Rejects with a `HOST_…` code where there is no connection.
   */
  testHost(name: string): Promise<HostTestReport>;
  /** A session on a host works here from now on; its run there is stopped as soon as possible. Throws CONFLICT. */
  continueHere(id: string): Promise<void>;
  /** A stopped session works there from now on. Answers with what people should know, such as what did not go along. */
  moveToHost(id: string, host: string): Promise<string[]>;
  /**
   * Lets programs of this computer reach a port of the loopback where the session works, until it is disposed of or the
   * window closes. Rejects with INVALID_ARGUMENT for a session of this computer.
   */
  forwardPort(id: string, port: number): Promise<ForwardedPort>;
  /** Names of hosts whose entry in `corral.hosts` changed, that were tested, or to which the connection changed. */
  readonly onDidChangeHosts: Event<{ names: string[] }>;
}
