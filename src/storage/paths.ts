import { createHash } from 'node:crypto';
import { join } from 'node:path';

/** Where a worktree has copies of attached files, for its agent. */
const COPIES = ['.corral', 'attachments'];

/** The copy of an attached file in a worktree, with `/`. */
export function attachmentCopy(id: string): string {
  return [...COPIES, id].join('/');
}

/** Keeps git from seeing the copies, whatever the repository ignores. */
export const ATTACHMENT_COPIES_IGNORE = [...COPIES, '.gitignore'].join('/');

/** Paths of everything in a store; docs/architecture.md has a picture. Looks at no file. */
export class StorePaths {
  readonly root: string;

  constructor(root: string) {
    this.root = root;
  }

  get storeFile(): string {
    return join(this.root, 'store.json');
  }
  /** The doorbell: a line with a session's id for each change. */
  get changesLog(): string {
    return join(this.root, 'changes.log');
  }
  get catalog(): string {
    return join(this.root, 'catalog.sqlite');
  }
  /** The lock of the one window that starts runs. */
  get queueLockName(): string {
    return join(this.root, 'queue');
  }
  /** A file for each started run that has not ended, named by the run's id; it holds the session's id. */
  get slots(): string {
    return join(this.root, 'slots');
  }
  /** What people said to commands that repositories bring along, a file for each. */
  get consents(): string {
    return join(this.root, 'consents');
  }
  /** Repositories in which agents wanted to start sessions before a person had answered, a file for each. */
  get asked(): string {
    return join(this.root, 'asked');
  }
  /** What people had set when they let agents start sessions, for processes without a window. */
  get settings(): string {
    return join(this.root, 'settings');
  }
  /** What agents offer to people who write to them: a folder for each agent, in it a file for each repository. */
  get offers(): string {
    return join(this.root, 'offers');
  }
  /** What is known of worktrees that are ready for new sessions, a file for each, and the locks for making them. */
  get spares(): string {
    return join(this.root, 'spares');
  }
  /** An empty file for each session that was asked something beside its work, so that a search finds it. */
  get asides(): string {
    return join(this.root, 'asides');
  }
  /** What was used on each day and in each tree of sessions, by which budgets are held. */
  get spending(): string {
    return join(this.root, 'spending');
  }
  spendingOf(dayOrSessionId: string): string {
    return join(this.spending, `${dayOrSessionId}.jsonl`);
  }
  /** What erased sessions have left on hosts that were away, a file for each. */
  get remains(): string {
    return join(this.root, 'remains');
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
  /** The lock's files are called `<this>.lock.<n>`. */
  get lockName(): string {
    return join(this.root, 'session');
  }
  /** The lock that is held while the worktree is created, removed or restored. */
  get worktreeLockName(): string {
    return join(this.root, 'worktree');
  }
  /** The record of the spare of which the session's worktree is made, until that is recorded. */
  get spare(): string {
    return join(this.root, 'spare.json');
  }
  /** The folder of files that git's filters would change, each named by the hash of its bytes. */
  get filtered(): string {
    return join(this.root, 'filtered');
  }
  /** Files that people attached, a folder for each prompt or message. */
  get attachments(): string {
    return join(this.root, 'attachments');
  }
  attachmentSet(set: string): string {
    return join(this.attachments, set);
  }
  /** `id` as in a reference. */
  attachment(id: string): string {
    return join(this.attachments, ...id.split('/'));
  }
  get timeline(): string {
    return join(this.root, 'timeline.sqlite');
  }
  /** Questions beside the work: folders like those of runs, which are none. */
  get asides(): string {
    return join(this.root, 'asides');
  }
  aside(asideId: string): RunPaths {
    return new RunPaths(join(this.asides, asideId));
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

  /** What the agent of an aside may do, for agents that read it from a file. */
  get policy(): string {
    return join(this.root, 'policy.toml');
  }

  /** What the runner needs to know, written by the supervisor before it starts. */
  get bootstrap(): string {
    return join(this.root, 'run.json');
  }
  /** The runner's identity, its endpoint and the agent's pid, published by link() so that only one runner can. */
  get claim(): string {
    return join(this.root, 'runner.json');
  }
  /** What the runner is told where it is a job of a cluster: removed when it was read, since it may hold secrets. */
  get assignment(): string {
    return join(this.root, 'assignment.json');
  }
  /** The job that such a runner is, and what the job printed, which is little: the runner prints nothing. */
  get job(): string {
    return join(this.root, 'job.json');
  }
  get jobOutput(): string {
    return join(this.root, 'job.log');
  }
  /** The lock of who submits the job. */
  get submissionLockName(): string {
    return join(this.root, 'submission');
  }
  /** What a host is told of a run that is to work there. */
  get hostRun(): string {
    return join(this.root, 'host.json');
  }
  /** Of a run on a host: its claim there, as it was seen last. */
  get remoteClaim(): string {
    return join(this.root, 'remote.json');
  }
  /** The lock of the one window that copies what happens on a host into this folder. */
  get mirrorLockName(): string {
    return join(this.root, 'mirror');
  }
  /**
   * There once all of a run on a host is in this folder, and its work in the repository. Where that work could not be
   * fetched, it has the reason.
   */
  get mirrored(): string {
    return join(this.root, 'mirrored');
  }
  /** A claim of a number above the runner's, which is 1: a person marked the run as gone, so its runner gives up. */
  laterClaim(number: number): string {
    return join(this.root, `runner.${String(number)}.json`);
  }
  get events(): string {
    return join(this.root, 'events.jsonl');
  }
  /** The FIFO for what the run's agent says to Corral's own MCP server, and the one for the answers. */
  get mcpInput(): string {
    return join(this.root, 'mcp.in');
  }
  get mcpOutput(): string {
    return join(this.root, 'mcp.out');
  }
  /** What the agent printed, byte by byte. */
  get output(): string {
    return join(this.root, 'output.log');
  }
  /** The same, compressed at the run's end. */
  get compressedOutput(): string {
    return `${this.output}.gz`;
  }
  /** Which phrases the ended run cannot hold, for searching. */
  get filter(): string {
    return join(this.root, 'search.filter');
  }
  get blobs(): string {
    return join(this.root, 'blobs');
  }
  /** Reserves disk space for what is written at the run's end. */
  /** What a server that the setup command left running prints after the run. */
  get serverLog(): string {
    return join(this.root, 'server.log');
  }

  get reserve(): string {
    return join(this.root, 'reserve');
  }
  /** Published by the one window that shows the notification of a permission request. */
  notificationClaim(requestId: string): string {
    return join(this.root, `notice.${createHash('sha256').update(requestId).digest('hex').slice(0, 16)}`);
  }
  blob(sha256: string): string {
    return join(this.blobs, sha256);
  }
}
