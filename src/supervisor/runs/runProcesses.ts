import * as l10n from '@vscode/l10n';
import { setTimeout as delay } from 'node:timers/promises';
import { CorralError } from '../../storage/errors';
import { isOpen } from '../../storage/sessionState';
import type { ProcessEntry } from '../system/processTable';
import { listProcesses, readDetails, readMarks } from '../system/processTable';
import type { ProcessDetails } from '../system/processTable';
import {
  childrenOf,
  RUN_ID_VARIABLE,
  setupMark,
  signalProcesses,
  stillAlive,
  withoutEditors,
} from '../system/processTree';
import type { Asides } from './asides/asides';
import type { HeldClaim } from '../runnerProtocol/claimFile';
import { readClaim } from '../runnerProtocol/claimFile';
import type { SessionModel } from '../sessions/sessionModel';
import type { SessionStore } from '../sessions/sessionStore';

const END_GRACE_MS = 5_000;
const POLL_MS = 100;

/** A process of a session. */
export interface RunProcess extends ProcessDetails {
  entry: ProcessEntry;
  /**
   * `server`: left running by the setup command, until the worktree is torn down.
   * `stray`: started by a run, but no longer in its process tree, or alive after its end.
   */
  role: 'runner' | 'agent' | 'tool' | 'server' | 'stray';
  children: RunProcess[];
}

export interface SessionProcesses {
  sessionId: string;
  processes: RunProcess[];
}

/** The questions that were asked beside the work of sessions. */
type AsidesSource = Pick<Asides, 'sessions' | 'list'>;

/** The processes of the sessions at this moment, as the operating system lists them. */
export class RunProcesses {
  readonly #store: SessionStore;
  readonly #model: SessionModel;
  readonly #asides: AsidesSource;
  /** Of runs that have ended, which change no more. */
  readonly #finalClaims = new Map<string, HeldClaim>();

  constructor(store: SessionStore, model: SessionModel, asides: AsidesSource) {
    this.#store = store;
    this.#model = model;
    this.#asides = asides;
  }

  /** Sessions with any process. Strays are found only on Linux, where a process's environment can be read. */
  async list(): Promise<SessionProcesses[]> {
    const entries = new Map((await listProcesses()).filter(({ ended }) => !ended).map((entry) => [entry.pid, entry]));
    const roles = new Map<number, RunProcess['role']>();
    const owners = new Map<number, string>();
    for (const { sessionId, runner, agent, servers } of await this.#claims()) {
      const known = [
        ['runner', runner] as const,
        ['agent', agent] as const,
        ...servers.map((each) => ['server', each] as const),
      ];
      for (const [role, identity] of known) {
        if (identity === undefined || entries.get(identity.pid)?.startTime !== identity.startTime) continue;
        roles.set(identity.pid, role);
        owners.set(identity.pid, sessionId);
      }
    }
    const inTree = [...owners.keys()];
    const children = childrenOf(entries.values());
    for (const pid of inTree) {
      for (const child of children.get(pid) ?? []) {
        if (owners.has(child)) continue;
        roles.set(child, roles.get(pid) === 'server' ? 'server' : 'tool');
        owners.set(child, owners.get(pid) ?? '');
        inTree.push(child); // the loop also visits what is added meanwhile
      }
    }
    for (const { pid, sessionId, role } of await this.#findStrays(
      [...entries.keys()].filter((pid) => !owners.has(pid)),
    )) {
      roles.set(pid, role);
      owners.set(pid, sessionId);
    }
    const details = await readDetails([...owners.keys()]);
    const build = (pid: number): RunProcess[] => {
      const entry = entries.get(pid);
      const detail = details.get(pid);
      if (entry === undefined || detail === undefined) return []; // it ended meanwhile
      const own = (children.get(pid) ?? []).filter((child) => owners.get(child) === owners.get(pid));
      return [{ entry, ...detail, role: roles.get(pid) ?? 'tool', children: own.flatMap(build) }];
    };
    const roots = [...owners.keys()].filter((pid) => owners.get(entries.get(pid)?.parentPid ?? 0) !== owners.get(pid));
    return [...new Set(owners.values())].map((sessionId) => ({
      sessionId,
      processes: roots.filter((pid) => owners.get(pid) === sessionId).flatMap(build),
    }));
  }

  /**
   * Ends a stray: by SIGTERM, then by SIGKILL.
   * @throws CorralError CONFLICT where it is no stray any more, TIMEOUT where it cannot be ended
   */
  async end({ pid, startTime }: ProcessEntry): Promise<void> {
    const strays = (await this.list()).flatMap(({ processes }) => processes.filter(({ role }) => role === 'stray'));
    const entry = strays.map((stray) => stray.entry).find((each) => each.pid === pid && each.startTime === startTime);
    if (entry === undefined)
      throw new CorralError(
        'CONFLICT',
        l10n.t('Process {pid} has ended, or belongs to a running session. Stop that session instead.', { pid }),
      );
    for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
      await signalProcesses([entry], signal);
      const end = performance.now() + END_GRACE_MS;
      while (performance.now() < end) {
        if ((await stillAlive([entry])).length === 0) return;
        await delay(POLL_MS);
      }
    }
    throw new CorralError('TIMEOUT', l10n.t('Process {pid} could not be ended.', { pid }));
  }

  async #claims() {
    const runs = this.#model.ids().flatMap((sessionId) => {
      const facts = this.#model.facts(sessionId);
      // A server of the setup command outlives its run, as long as there is the worktree.
      const kept = facts.runs.filter((run) => isOpen(run) || facts.worktree === 'present');
      return kept.map((run) => ({ sessionId, runId: run.runId, isFinal: !isOpen(run) }));
    });
    const claims = await Promise.all(
      runs.map(async ({ sessionId, runId, isFinal }) => {
        const known = this.#finalClaims.get(runId);
        const claim =
          known ?? (await readClaim(this.#store.paths.session(sessionId).run(runId)).catch(() => undefined));
        if (claim?.state !== 'claimed') return [];
        if (isFinal) this.#finalClaims.set(runId, claim);
        const { runner, agent, servers = [] } = claim;
        return isFinal && servers.length === 0 ? [] : [{ sessionId, runner, agent, servers }];
      }),
    );
    return [...claims.flat(), ...(await this.#asideClaims())];
  }

  async #asideClaims() {
    const asides = (await this.#listAsides()).filter(({ state }) => state === 'answering');
    const claims = asides.map(async ({ sessionId, id }) => {
      const claim = await readClaim(this.#store.paths.session(sessionId).aside(id)).catch(() => undefined);
      if (claim?.state !== 'claimed') return [];
      return [{ sessionId, runner: claim.runner, agent: claim.agent, servers: [] }];
    });
    return (await Promise.all(claims)).flat();
  }

  async #listAsides() {
    const ids = await this.#asides.sessions();
    const lists = ids.map(async (sessionId) =>
      (await this.#asides.list(sessionId)).map(({ id, state }) => ({ sessionId, id, state })),
    );
    return (await Promise.all(lists)).flat();
  }

  /** Processes that a run of this store started, by the variable in their environment. Editors do not count. */
  async #findStrays(pids: readonly number[]): Promise<{ pid: number; sessionId: string; role: 'server' | 'stray' }[]> {
    const asides = (await this.#listAsides()).map(({ sessionId, id }) => [id, sessionId] as const);
    // Those of a host are its runners' to look after, also where it is a container of this computer.
    const ofSessions = this.#model
      .ids()
      .map((id) => this.#model.facts(id))
      .filter(({ host }) => host === undefined)
      .map(({ runs, sessionId }) => runs.map(({ runId }) => [runId, sessionId] as const));
    const runs = [...ofSessions.flat(), ...asides];
    const owners = new Map(runs);
    const serverOwners = new Map(runs.map(([runId, id]) => [setupMark(runId), id]));
    const found = (await readMarks(pids, RUN_ID_VARIABLE)).flatMap(({ pid, value }) => {
      const sessionId = owners.get(value) ?? serverOwners.get(value);
      const role = serverOwners.has(value) ? ('server' as const) : ('stray' as const);
      return sessionId === undefined ? [] : [{ pid, sessionId, role }];
    });
    const kept = new Set(await withoutEditors(found.map(({ pid }) => pid)));
    return found.filter(({ pid }) => kept.has(pid));
  }
}
