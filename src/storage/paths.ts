import { createHash } from 'node:crypto';
import { join } from 'node:path';

/** Where everything lies below the store's root (docs/architecture.md has the picture). Pure: touches no disk. */
export class StorePaths {
  readonly root: string;

  constructor(root: string) {
    this.root = root;
  }

  get storeFile(): string {
    return join(this.root, 'store.json');
  }
  /** Doorbell: one session id a line, appended at each change. A hint, never the truth. */
  get changesLog(): string {
    return join(this.root, 'changes.log');
  }
  get catalog(): string {
    return join(this.root, 'catalog.sqlite');
  }
  /** Held by the one window that starts runs at the moment. */
  get queueLockName(): string {
    return join(this.root, 'queue');
  }
  /** A file for each run that was started and not seen to end, named by its id and holding its session's. */
  get slots(): string {
    return join(this.root, 'slots');
  }
  get sessions(): string {
    return join(this.root, 'sessions');
  }
  session(sessionId: string): SessionPaths {
    return new SessionPaths(join(this.sessions, sessionId));
  }
}

export class SessionPaths {
  readonly root: string;

  constructor(root: string) {
    this.root = root;
  }

  get journal(): string {
    return join(this.root, 'session.jsonl');
  }
  /** Locks are `<name>.lock.<n>`; this is the name. */
  get lockName(): string {
    return join(this.root, 'session');
  }
  /** Held while the worktree is made, taken away or brought back. */
  get worktreeLockName(): string {
    return join(this.root, 'worktree');
  }
  get timeline(): string {
    return join(this.root, 'timeline.sqlite');
  }
  get runs(): string {
    return join(this.root, 'runs');
  }
  run(runId: string): RunPaths {
    return new RunPaths(join(this.runs, runId));
  }
}

export class RunPaths {
  readonly root: string;

  constructor(root: string) {
    this.root = root;
  }

  /** The prompt, for agents that read it from a file. */
  get prompt(): string {
    return join(this.root, 'prompt.txt');
  }

  /** The runner's bootstrap, written by the supervisor before the runner starts. */
  get bootstrap(): string {
    return join(this.root, 'run.json');
  }
  /** The runner's claim: identity, endpoint, the agent's pid. Published by link(). */
  get claim(): string {
    return join(this.root, 'runner.json');
  }
  get events(): string {
    return join(this.root, 'events.jsonl');
  }
  /** The agent's raw bytes in frames. */
  get output(): string {
    return join(this.root, 'output.log');
  }
  get blobs(): string {
    return join(this.root, 'blobs');
  }
  /** Holds space on the disk while the run lives, for what is written at its end. */
  get reserve(): string {
    return join(this.root, 'reserve');
  }
  /** Published by the one window that tells people of a question. */
  notificationClaim(requestId: string): string {
    return join(this.root, `notice.${createHash('sha256').update(requestId).digest('hex').slice(0, 16)}`);
  }
  blob(sha256: string): string {
    return join(this.blobs, sha256);
  }
}
