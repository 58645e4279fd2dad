/** What the rest of the supervisor knows of another host: a link on which things can be asked of it. */
import type { Duplex, Readable, Writable } from 'node:stream';
import type * as v from 'valibot';
import type { Event } from '../../common/disposable';
import type { RunProcess } from '../../common/processes/runProcess';
import type { CorralError } from '../../storage/errors';
import type { HostFacts } from './hostFacts';
import type { Liveness } from './identity';
import type { ProcessIdentity } from './identitySchema';

/**
 * `unreachable` says nothing about what runs on the host. A next try comes by itself, unless there is no `retryAtMs`:
 * then only `reconnectNow` tries again.
 */
export type HostState =
  | { kind: 'connecting'; sinceMs: number }
  | { kind: 'connected'; sinceMs: number }
  | { kind: 'unreachable'; sinceMs: number; error: CorralError; retryAtMs?: number };

/**
 * Asks a person what ssh wants to know, such as a password, in ssh's or the host's words. Undefined where there is no
 * answer; `signal` is aborted when none is needed any more.
 */
export type AskPerson = (prompt: string, signal: AbortSignal) => Promise<string | undefined>;

export interface HostProcessOptions {
  /** An absolute path there; the home folder where absent. */
  cwd?: string;
  /** Added to the environment of the login shell there. */
  environment?: Readonly<Record<string, string>>;
}

/** How a program ended there. Both are undefined where it was never started. */
export interface HostProcessEnd {
  exitCode: number | undefined;
  signal: string | undefined;
}

/** A program that runs there. It ends with the link, and with it whatever it started. */
export interface HostProcess {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /**
   * Settles when it has ended, which may be before the last of its output was read.
   * @throws CorralError HOST_UNREACHABLE where the link was lost, so that its end is not known; HOST_FAILED where it
   * could not be started
   */
  readonly ended: Promise<HostProcessEnd>;
  /** Sends a signal to its process group; SIGKILL ends all that it started. */
  kill(signal?: 'SIGINT' | 'SIGTERM' | 'SIGHUP' | 'SIGKILL'): void;
}

/** A file or folder there. */
export interface HostFile {
  kind: 'file' | 'folder' | 'link' | 'socket' | 'other';
  sizeBytes: number;
  modifiedMs: number;
  /** Tells a file from another one at the same path later. */
  inode: string;
}

/**
 * A link to one host, which is made anew whenever it is lost. All paths are absolute ones there.
 * @throws CorralError HOST_UNREACHABLE by every method, at once where there is no link, else when it is lost
 * @throws CorralError HOST_FAILED by every method, with what the host says
 */
export interface HostConnection {
  readonly state: HostState;
  readonly onDidChangeState: Event<HostState>;
  /** What the host printed on the last connection before its own program spoke, such as a banner. */
  readonly printed: string;

  /** Runs a program there to its end. Of its options, `environment` is added to that of the login shell there. */
  readonly run: RunProcess;
  /** Starts a program there, in its turn where it changes all of a `repository`, a path there. */
  start(
    argv: readonly [program: string, ...parameters: string[]],
    options?: HostProcessOptions & { repository?: string },
  ): HostProcess;
  /** Starts a program there that outlives the link, without input, its output in `output` if that is given. */
  startDetached(
    argv: readonly [program: string, ...parameters: string[]],
    options?: HostProcessOptions & { output?: string },
  ): Promise<ProcessIdentity>;

  /**
   * The bytes of a file from an offset on, and what is appended to it, also of a file that comes to be later. It ends
   * when the file is gone, and fails with HOST_FAILED where the file is shorter than the offset or is another one.
   */
  tail(path: string, fromOffset: number): Readable;
  /** Connects to a unix socket there by its path, or to a port of the loopback there. */
  connectSocket(endpoint: string | number): Promise<Duplex>;

  /** The bytes of a file; HOST_FAILED where there are more than `maxBytes`. Undefined where there is no file. */
  readFile(path: string, maxBytes: number): Promise<Buffer | undefined>;
  /** Undefined where there is nothing. A link is not followed. */
  stat(path: string): Promise<HostFile | undefined>;
  /** The names in a folder, at most 10,000, sorted; undefined where there is no folder. */
  list(path: string): Promise<string[] | undefined>;
  /** Looks at the host anew, and for a git by this path or name; a path may begin with `~/`. */
  probe(git: string): Promise<HostFacts>;
  /** Whether a process there still runs, as the host tells it. */
  liveness(identity: ProcessIdentity): Promise<Liveness>;

  /**
   * The answer to a request of the host protocol that is answered with one value of that form. `content` goes with
   * those requests that take bytes.
   */
  ask<S extends v.GenericSchema>(
    request: object,
    schema: S,
    content?: Uint8Array | AsyncIterable<Uint8Array>,
  ): Promise<v.InferOutput<S>>;
  /** The bytes with which a request of the host protocol is answered. */
  read(request: object): Readable;

  /** Tries at once where there is no link, and asks a person only by `ask`. Settles with the state that comes of it. */
  reconnectNow(ask?: AskPerson): Promise<HostState>;
  /** Ends the link and what runs on it; nothing is tried again. */
  close(): void;
}
