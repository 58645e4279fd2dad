import assert from 'node:assert/strict';
import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { runWithNode } from '../../../../../src/common/processes/nodeProcess';
import { newId } from '../../../../../src/storage/ids';
import { Git } from '../../../../../src/supervisor/git/git';
import { findGit } from '../../../../../src/supervisor/git/gitProgram';
import { findRepository, resolveCommit, type Repository } from '../../../../../src/supervisor/git/repository';
import type { SessionWorktree } from '../../../../../src/supervisor/git/sessionWorktree';
import { takeSnapshot } from '../../../../../src/supervisor/git/snapshots/snapshots';
import { moveSnapshotRef, readSnapshotRef } from '../../../../../src/supervisor/git/snapshots/snapshotRef';
import { createWorktree, planWorktree } from '../../../../../src/supervisor/git/worktrees/worktreeCreation';
import { fetchWork } from '../../../../../src/supervisor/hosts/work/fetchWork';
import { openHostRepository } from '../../../../../src/supervisor/hosts/work/hostRepository';
import { baseRefName } from '../../../../../src/supervisor/hostProtocol/sessionRequests';
import { pushBase } from '../../../../../src/supervisor/hosts/work/pushBase';
import type { HostRepository, WorkHost } from '../../../../../src/supervisor/hosts/work/workHost';
import type { HostConnection } from '../../../../../src/supervisor/system/hostConnection';
import { projectRoot } from '../../../../support/project';
import { GitFixture, STORE_ID, write } from '../../git/gitFixture';
import { TestHost } from '../hostFixture';

/** Whatever a path may hold. */
export const ODD_NAME = "it's 100% ünï\n  %S ::$HOME";

const CARRIER = `let left = Number(process.argv[1]);
process.stdin.on('data', (chunk) => ((left -= chunk.length) < 0 ? process.exit() : process.stdout.write(chunk)));`;

/** A program that passes so many bytes on, and ends then: a part of a way into a host. */
export function carrier(bytes: number): string {
  return `'${process.execPath}' -e '${CARRIER.replaceAll("'", '"')}' -- ${bytes}`;
}

/** A session whose worktree is in the repository there. */
export interface FarSession {
  sessionId: string;
  worktree: SessionWorktree;
}

/** A repository here, a host, and a repository of it there. */
export class WorkFixture {
  readonly here: GitFixture;
  readonly host: TestHost;
  readonly workHost: WorkHost;
  readonly repository: Repository;
  readonly far: HostRepository;

  private constructor(
    here: GitFixture,
    host: TestHost,
    workHost: WorkHost,
    repository: Repository,
    far: HostRepository,
  ) {
    this.here = here;
    this.host = host;
    this.workHost = workHost;
    this.repository = repository;
    this.far = far;
  }

  /** `prepare` changes the repository here before it is pushed. */
  static async create(prepare?: (here: GitFixture, folder: string) => Promise<void>): Promise<WorkFixture> {
    const here = await GitFixture.create(ODD_NAME);
    const host = await TestHost.connect();
    const made = await here.repository();
    await prepare?.(here, made.mainWorktree);
    const repository = await findRepository(here.git, made.mainWorktree);
    const workHost = await workHostOf(here, host.connection);
    const far = await openHostRepository(workHost, host.path(ODD_NAME, STORE_ID, 'one'), {
      storeId: STORE_ID,
      repository,
    });
    return new WorkFixture(here, host, workHost, repository, far);
  }

  async close(): Promise<void> {
    await this.host.close();
    await this.here.remove();
  }

  /** Makes the link anew by another way into the host: `"$@"` is what runs there. */
  async reconnectBy(entry: string): Promise<void> {
    const { host } = this;
    host.entry = entry;
    if (host.connection.state.kind === 'connected') {
      process.kill(await host.serverPid(), 'SIGKILL');
      await host.reached('unreachable');
    }
    const state = await host.connection.reconnectNow();
    assert.equal(state.kind, 'connected', JSON.stringify(state));
  }

  async head(): Promise<string> {
    return await resolveCommit(this.repository, 'HEAD');
  }

  async push(sessionId: string, commit: string): Promise<void> {
    await pushBase(this.far, this.repository, { sessionId, commit });
  }

  async fetch(sessionId: string, options: { maxBytes?: number; signal?: AbortSignal } = {}) {
    return await fetchWork(this.far, this.repository, { sessionId, ...options });
  }

  /** A session at HEAD, which both sides have. */
  async session(): Promise<FarSession> {
    const [sessionId, commit] = [newId(), await this.head()];
    await moveSnapshotRef(this.repository, sessionId, commit, undefined);
    await this.push(sessionId, commit);
    const there = await findRepository(this.here.git, this.far.path);
    const planned = planWorktree(there, { storeId: STORE_ID, sessionId }, 'inside');
    return { sessionId, worktree: await createWorktree(planned, commit) };
  }

  /** Writes files there, and takes a snapshot. Its commit. */
  async work({ worktree }: FarSession, files: Record<string, string>): Promise<string> {
    await write(worktree.path, files);
    return (await takeSnapshot(worktree, 'work')).commit;
  }

  /** The session's ref here. */
  async tip(sessionId: string): Promise<string | undefined> {
    return (await readSnapshotRef(this.repository, sessionId))?.commit;
  }

  async baseThere(sessionId: string): Promise<string> {
    return await this.here.user(this.far.path, 'rev-parse', '--verify', baseRefName(sessionId));
  }

  /** Both repositories hold all that their refs reach, undamaged. */
  async assertSound(): Promise<void> {
    for (const folder of [this.repository.mainWorktree, this.far.path])
      assert.equal(await this.here.user(folder, 'fsck', '--full', '--strict', '--no-dangling'), '', folder);
  }
}

/** The bridge program lies in a folder with an odd name as well. */
export async function workHostOf(here: GitFixture, connection: HostConnection): Promise<WorkHost> {
  const bundles = join(here.root, 'bundles');
  await mkdir(bundles, { recursive: true });
  await copyFile(join(projectRoot, 'dist/gitBridge.js'), join(bundles, 'gitBridge.js'));
  return { name: 'gpu..box.lock', connection, farGit: await findGit('git'), git: new Git(runWithNode), bundles };
}

/** For a test that leaves its repositories in a state of their own. */
export async function withFixture(
  use: (fixture: WorkFixture) => Promise<void>,
  prepare?: (here: GitFixture, folder: string) => Promise<void>,
): Promise<void> {
  const fixture = await WorkFixture.create(prepare);
  try {
    await use(fixture);
  } finally {
    await fixture.close();
  }
}
