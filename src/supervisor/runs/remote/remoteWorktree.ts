import * as l10n from '@vscode/l10n';
import type * as v from 'valibot';
import { messageOf } from '../../../common/errors';
import { CorralError, type CorralErrorCode } from '../../../storage/errors';
import type { SessionFacts } from '../../../storage/sessionFacts';
import { findRepository, type Repository } from '../../git/repository';
import { deleteSnapshotRef, hostRefName, readSnapshotRef } from '../../git/snapshots/snapshotRef';
import type { TrashedWorktree } from '../../git/worktrees/trash';
import type { WorktreeSummary } from '../../git/worktrees/worktreeSummary';
import type { HostRequestOf } from '../../hostProtocol/hostProtocol';
import { nothingSchema, worktreeAnswers } from '../../hostProtocol/sessionRequests';
import { errorCodeOf } from '../../hosts/openChannel';
import { hostRepositoryPath, openHostRepository } from '../../hosts/work/hostRepository';
import { pushBase } from '../../hosts/work/pushBase';
import type { EmptiedTrash, WorktreeKeeper } from '../../lifecycle/removal/worktreeKeeper';
import { worktreeOf } from '../../lifecycle/worktreeOf';
import type { RunStarterOptions } from '../runStarter';
import type { OpenHost } from './hostStores';
import { bringWorkHome, workHostOf } from './remoteWork';

type Action = HostRequestOf<'worktree'>['action'];

/** What the host says of a worktree there means the same as if it were said here. */
const CODES_OF_WORKTREES: readonly CorralErrorCode[] = [
  'CONFLICT',
  'INVALID_ARGUMENT',
  'WORKTREE_FAILED',
  'WORKTREE_MISSING',
  'WORKTREE_NOT_OURS',
];
/** Work that stays on its host, whose trash is not emptied then. */
const KEEPS_WORK_THERE: readonly CorralErrorCode[] = ['HOST_WORK_REFUSED', 'HOST_WORK_TOO_LARGE', 'REPOSITORY_MISSING'];

/** The worktree of a session that works on a host which is connected. Its last work is fetched before it goes there. */
export class RemoteWorktree implements WorktreeKeeper {
  readonly #options: Pick<RunStarterOptions, 'git' | 'store' | 'bundles'>;
  readonly #host: OpenHost;
  readonly #facts: SessionFacts;

  constructor(options: Pick<RunStarterOptions, 'git' | 'store' | 'bundles'>, host: OpenHost, facts: SessionFacts) {
    this.#options = options;
    this.#host = host;
    this.#facts = facts;
  }

  async requireRepository(): Promise<void> {
    await this.#repositoryHere();
    await this.isInPlace(); // throws where its folder is another's, which nothing must be begun with
  }

  async remove(): Promise<TrashedWorktree | undefined> {
    if (this.#facts.host?.worktree === undefined || this.#facts.worktree === 'failed') {
      await this.erase();
      return undefined;
    }
    const trashed = await this.#unlessGone(this.#ask('remove', worktreeAnswers.remove));
    if (trashed === undefined || trashed === null) return undefined;
    return { ...trashed, notCaptured: [...trashed.notCaptured, ...(await this.#bringHome())] };
  }

  async restore(): Promise<void> {
    const restored = await this.#unlessGone(this.#ask('restore', worktreeAnswers.restore));
    if (restored === undefined) await this.#restoreFromHere();
  }

  async emptyTrash(): Promise<EmptiedTrash> {
    const emptied = await this.#unlessGone(this.#ask('emptyTrash', worktreeAnswers.emptyTrash));
    if (emptied === undefined) return { kept: [], isInTrash: false };
    await this.#bringHome(); // what was written in the trash
    return emptied;
  }

  async isInPlace(): Promise<boolean> {
    return (await this.#unlessGone(this.#ask('isInPlace', worktreeAnswers.isInPlace))) ?? false;
  }

  async summarize(): Promise<WorktreeSummary | undefined> {
    return (await this.#unlessGone(this.#ask('summarize', worktreeAnswers.summarize))) ?? undefined;
  }

  async takeSnapshot(): Promise<{ commit: string; changed: boolean }> {
    const taken = await this.#ask('takeSnapshot', worktreeAnswers.takeSnapshot);
    await bringWorkHome(this.#options, this.#host, this.#facts);
    return taken;
  }

  async putBack(commit: string): Promise<{ before: string }> {
    const answer = await this.#ask('putBack', worktreeAnswers.putBack, commit);
    await bringWorkHome(this.#options, this.#host, this.#facts);
    return answer;
  }

  /**
   * Removes all that the host has of the session, and the refs here that hold its work.
   * @throws CorralError CONFLICT where somebody worked in its worktree, which is in its place
   */
  async erase(): Promise<void> {
    const { store } = this.#options;
    const { sessionId, baseCommit, commonDirectory = '', host } = this.#facts;
    const repository =
      host?.worktree?.repository ?? hostRepositoryPath(this.#host.store.root, store.storeId, { commonDirectory });
    const request: HostRequestOf<'eraseSession'> = {
      request: 'eraseSession',
      storeId: store.storeId,
      sessionId,
      repository,
      ...(baseCommit === '' ? {} : { baseCommit }),
    };
    await withKnownErrors(this.#host.connection.ask(request, nothingSchema));
    await deleteRefsHere(this.#options, this.#facts);
  }

  /** From the snapshots here, where the host has lost its repository or the session's ref. */
  async #restoreFromHere(): Promise<void> {
    const { store, bundles } = this.#options;
    const { sessionId, host } = this.#facts;
    const repository = await this.#repositoryHere();
    const last = await readSnapshotRef(repository, sessionId);
    if (last === undefined || host?.worktree === undefined)
      throw new CorralError(
        'WORKTREE_MISSING',
        l10n.t('This session has no snapshot from which its worktree could be made.'),
      );
    const options = { storeId: store.storeId, repository };
    const far = await openHostRepository(workHostOf(this.#host, bundles), host.worktree.repository, options);
    await pushBase(far, repository, { sessionId, commit: last.commit });
    await this.#ask('restore', worktreeAnswers.restore, last.commit);
  }

  /** Fetches the work, so that it is on this disk when that there goes. Answers with why some stays there alone. */
  async #bringHome(): Promise<string[]> {
    try {
      await bringWorkHome(this.#options, this.#host, this.#facts, { isDurable: true });
      return [];
    } catch (error) {
      if (error instanceof CorralError && KEEPS_WORK_THERE.includes(error.code)) return [error.message];
      throw error;
    }
  }

  /** @throws CorralError REPOSITORY_MISSING */
  async #repositoryHere(): Promise<Repository> {
    return (await worktreeOf(this.#options, this.#facts)).repository;
  }

  async #ask<S extends v.GenericSchema>(action: Action, schema: S, commit?: string): Promise<v.InferOutput<S>> {
    const { sessionId, baseCommit, host } = this.#facts;
    const place = host?.worktree;
    if (place === undefined)
      throw new CorralError('WORKTREE_MISSING', l10n.t('The worktree of this session was not made.'));
    const request: HostRequestOf<'worktree'> = {
      request: 'worktree',
      storeId: this.#options.store.storeId,
      sessionId,
      ...place,
      baseCommit,
      action,
      ...(commit === undefined ? {} : { commit }),
    };
    return await withKnownErrors(this.#host.connection.ask(request, schema));
  }

  /** Undefined where the host has nothing of it. */
  async #unlessGone<T>(asking: Promise<T>): Promise<T | undefined> {
    return await asking.catch((error: unknown) => {
      if (error instanceof CorralError && error.code === 'WORKTREE_MISSING') return undefined;
      throw error;
    });
  }
}

/** What a host is asked of a worktree there, whose errors mean the same as if it were here. */
export async function withKnownErrors<T>(asking: Promise<T>): Promise<T> {
  return await asking.catch((error: unknown) => {
    const code = CODES_OF_WORKTREES.find((each) => each === errorCodeOf(error));
    throw code === undefined ? error : new CorralError(code, messageOf(error), { cause: error });
  });
}

/** Deletes the refs here that hold the work of a session of a host. */
export async function deleteRefsHere(
  { git }: Pick<RunStarterOptions, 'git'>,
  { sessionId, repository, host }: Pick<SessionFacts, 'sessionId' | 'repository' | 'host'>,
): Promise<void> {
  const here = await findRepository(git, repository).catch(() => undefined);
  if (here === undefined || host === undefined) return; // the refs are gone with it
  await git.run(here.mainWorktree, ['update-ref', '-d', hostRefName(host.name, sessionId)]);
  await deleteSnapshotRef(here, sessionId);
}
