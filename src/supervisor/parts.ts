import { join } from 'node:path';
import type { Emitter } from '../common/emitter';
import type { RunProcess } from '../common/processes/runProcess';
import type { SessionFacts } from '../storage/sessionFacts';
import type { Git } from './git/git';
import type { Hosts } from './hosts/hosts';
import { HistoryArchive } from './history/historyArchive';
import type { NativeSessions } from './imports/nativeSessions';
import { CommandConsents, type WithheldCommand } from './lifecycle/commandConsents';
import { RepositoryMoves } from './lifecycle/repositoryMoves';
import { SessionCreator } from './lifecycle/sessionCreation';
import { SpareWorktrees } from './lifecycle/spares/spareWorktrees';
import { TrashPurger } from './lifecycle/removal/trashPurger';
import type { WorktreeControl } from './lifecycle/worktreeControl';
import type { WorktreeInventory } from './lifecycle/worktreeInventory';
import type { LifecycleOptions } from './lifecycle/worktreeOf';
import type { SupervisorOptions } from './options';
import { Asides } from './runs/asides/asides';
import { GoneMarker } from './runs/gone/goneMarker';
import { LimitWaits } from './runs/limits/limitWaits';
import { Queue } from './runs/queue/queue';
import { RunControl } from './runs/runControl';
import { RemoteRuns } from './runs/remote/remoteRuns';
import { RemoteSessions } from './runs/remote/remoteSessions';
import { RunnerConnections } from './runs/runnerConnections';
import { RunnerLauncher } from './runs/runnerLauncher';
import { runnerProgram } from './runs/runnerProgram';
import { RunProcesses } from './runs/runProcesses';
import { RunWatcher } from './runs/runWatcher';
import type { SessionModel } from './sessions/sessionModel';
import { SessionStore } from './sessions/sessionStore';

/** What a `Supervisor` is made of. Each part knows only parts above it. */
export interface Parts {
  model: SessionModel;
  git: Git;
  store: SessionStore;
  connections: RunnerConnections;
  /** Runs of sessions on other hosts. */
  remoteRuns: RemoteRuns;
  remoteSessions: RemoteSessions;
  watcher: RunWatcher;
  launcher: RunnerLauncher;
  queue: Queue;
  runControl: RunControl;
  limitWaits: LimitWaits;
  /** Questions beside the work of sessions. */
  asides: Asides;
  /** What another agent is told that goes on with the session. */
  handOverPrompt: (sessionId: string) => Promise<string>;
  gone: GoneMarker;
  consents: CommandConsents;
  creator: SessionCreator;
  spares: SpareWorktrees;
  /** What changes of worktrees need. */
  lifecycle: LifecycleOptions;
  trashPurger: TrashPurger;
  repositories: RepositoryMoves;
  /** The worktree of the session with this id. */
  worktree: (sessionId: string) => Promise<WorktreeControl>;
  inventory: () => Promise<WorktreeInventory>;
  nativeSessions: () => Promise<NativeSessions>;
  archive: HistoryArchive;
  processes: RunProcesses;
}

export interface PartsOptions extends Required<SupervisorOptions> {
  model: SessionModel;
  git: Git;
  hosts: Hosts;
  runProcess: RunProcess;
  withheld: Emitter<WithheldCommand>;
}

/**
 * Opens the store and builds the parts over it.
 *
 * @throws STORE_FAILED where the store's folder cannot be used.
 */
export async function openParts(options: PartsOptions): Promise<Parts> {
  const { model, git, bundles, settings } = options;
  let noteChange: Asides['noteChange'] = () => undefined;
  const store = await SessionStore.open({
    ...options,
    onSynced: (sessionId, result) => {
      model.apply(sessionId, result);
      noteChange(sessionId);
    },
  });
  const consents = new CommandConsents({ ...options, store });
  const launcher = new RunnerLauncher({
    runnerPath: join(bundles, 'runner.js'),
    storeRoot: store.paths.root,
    program: async () => await runnerProgram(settings().runnerNode, options.runProcess),
  });
  const base = { ...options, store, consents, launcher };
  const connections = new RunnerConnections(base);
  const remoteRuns = new RemoteRuns({ ...base, connections });
  const remoteSessions = new RemoteSessions({ ...base, connections, remoteRuns });
  const lifecycle = {
    ...base,
    worktreeOnHost: async (facts: SessionFacts) => await remoteSessions.worktree(facts),
  };
  const watcher = new RunWatcher({ ...base, connections, remoteRuns });
  const queue = new Queue({ ...base, connections, remoteRuns, watcher });
  const asides = new Asides(base);
  noteChange = (sessionId) => asides.noteChange(sessionId);
  const runControl = new RunControl({ ...base, connections, remoteRuns, watcher, queue, asides });
  const spares = new SpareWorktrees(lifecycle);
  const creator = new SessionCreator({ ...base, spares });
  const trashPurger = new TrashPurger(lifecycle);
  const repositories = new RepositoryMoves(base);
  const worktree = async (sessionId: string): Promise<WorktreeControl> => {
    const { WorktreeControl } = await import('./lifecycle/worktreeControl');
    return new WorktreeControl({ ...lifecycle, runs: runControl, trashPurger, repositories }, sessionId);
  };
  const inventory = async (): Promise<WorktreeInventory> => {
    const { WorktreeInventory } = await import('./lifecycle/worktreeInventory');
    return new WorktreeInventory({ ...lifecycle, spares });
  };
  const nativeSessions = async (): Promise<NativeSessions> => {
    const { NativeSessions } = await import('./imports/nativeSessions');
    return new NativeSessions({ ...base, creator, resolving: () => ({ agents: settings().agents, bundles }) });
  };
  const handOverPrompt = async (sessionId: string): Promise<string> => {
    const { handOverPrompt: promptFor } = await import('./runs/prompts/handOverPrompt');
    const { changes } = await (await worktree(sessionId)).changes();
    return promptFor(model.facts(sessionId), await store.index.query(sessionId, 'conversation', {}), changes);
  };
  return {
    model,
    git,
    store,
    connections,
    remoteRuns,
    remoteSessions,
    lifecycle,
    watcher,
    launcher,
    queue,
    runControl,
    limitWaits: new LimitWaits({
      ...base,
      enqueue: async (sessionId, request) => await runControl.enqueue(sessionId, request),
      handOverPrompt,
    }),
    asides,
    handOverPrompt,
    gone: new GoneMarker({ ...base, connections, remoteRuns, watcher, queue }),
    consents,
    creator,
    spares,
    trashPurger,
    repositories,
    worktree,
    inventory,
    nativeSessions,
    archive: new HistoryArchive({
      ...base,
      asides,
      searchThread: join(bundles, 'searchThread.js'),
      eraseOnHost: async (facts, more) => await remoteSessions.erase(facts, more),
      onErased: () => remoteSessions.eraseRemainsSoon(),
    }),
    processes: new RunProcesses(store, model, asides),
  };
}
