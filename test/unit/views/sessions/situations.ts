import type { DraftEvent, EventData, EventKind, RunOutcome } from '../../../../src/storage/events';
import { emptySession } from '../../../../src/storage/sessionFacts';
import type { DraftSessionRecord, SessionRecordData, SessionRecordKind } from '../../../../src/storage/sessionRecords';
import { foldEvent, foldRecord } from '../../../../src/storage/sessionReducer';
import type { SessionSummary } from '../../../../src/supervisor/api';
import type { LiveFacts, QueuePosition } from '../../../../src/supervisor/sessions/summary';
import { summarize } from '../../../../src/supervisor/sessions/summary';

const START_MS = Date.parse('2026-01-05T09:00:00.000Z');
const MINUTE_MS = 60_000;
/** When the rows are looked at. */
export const NOW_MS = START_MS + 90 * MINUTE_MS;
const RUN = 'rrrrrrrrrrrr';

export interface Situation {
  name: string;
  session: SessionSummary;
}

/** A session whose records and events come a minute after each other. */
class Story {
  readonly facts = emptySession('aaaaaaaaaaaa');
  #minute = 0;
  #seq = 0;

  constructor(created: Partial<SessionRecordData<'created'>> = {}) {
    this.record('created', {
      title: 'Greet everyone by name',
      prompt: 'Greet everyone by name',
      agent: 'claude',
      repository: '/code/shop',
      baseCommit: 'c0ffee0123456789',
      worktreePath: '/code/shop/.corral/worktrees/greet-aaaaaaaaaaaa',
      permissionMode: 'edits',
      ...created,
    });
  }

  /** `minutes` pass. */
  after(minutes: number): this {
    this.#minute += minutes - 1;
    return this;
  }

  record<K extends SessionRecordKind>(kind: K, data: SessionRecordData<K>): this {
    const draft = { kind, data } as DraftSessionRecord; // TypeScript does not follow that the two belong together
    foldRecord(this.facts, { ...draft, seq: 1, timestamp: this.#nextTime() });
    return this;
  }

  event<K extends EventKind>(kind: K, data: EventData<K>): this {
    const draft = { kind, data } as DraftEvent; // TypeScript does not follow that the two belong together
    const place = { id: 0, sessionId: this.facts.sessionId, runId: RUN, seq: ++this.#seq };
    foldEvent(this.facts, { ...draft, ...place, timestamp: this.#nextTime() });
    return this;
  }

  queued(resumes?: string): this {
    this.record('worktree.created', {
      worktreePath: this.facts.worktreePath,
      baseCommit: this.facts.baseCommit,
    });
    const run = { runId: RUN, ordinal: 1, prompt: this.facts.prompt };
    return this.record('run.queued', resumes === undefined ? run : { ...run, resumes });
  }

  /** It works on another host. */
  onHost(): this {
    const { title, prompt, agent, repository, baseCommit, permissionMode } = this.facts;
    const described = { title, prompt, agent, repository, baseCommit, permissionMode, worktreePath: '' };
    this.record('created.remote', { ...described, host: { name: 'gpu-box', kind: 'ssh', machineId: 'm' } });
    const path = '/home/dev/.corral-host/s/r/.corral/worktrees/greet-aaaaaaaaaaaa';
    return this.record('worktree.created.remote', { path, repository: '/home/dev/.corral-host/s/r' });
  }

  started(resumes?: string): this {
    const { agent } = this.facts;
    return this.queued(resumes).event('run.started', { ordinal: 1, agent, driver: 'claude', argv: [], cwd: '/' });
  }

  /** Another agent begins. */
  handedOver(): this {
    const queued = { runId: 'ssssssssssss', ordinal: 2, prompt: 'Go on', handOver: { agent: 'codex' } };
    return this.record('run.queued', queued);
  }

  inBackground(backgroundTasks: number): this {
    return this.event('status', { from: 'running', to: 'running', reason: 'Background tasks', backgroundTasks });
  }

  /** The agent is at work, and told the id of its own session. */
  running(): this {
    return this.started()
      .event('agent.session', { nativeSessionId: 'native-1', backendType: 'claude' })
      .event('turn.started', { turn: 1 });
  }

  asked(title = 'Run git status', isWhole = true, isQuestion = false): this {
    const questions = [{ question: title, options: [{ label: 'This', description: 'the first' }, { label: 'That' }] }];
    return this.running().event('permission.request', {
      requestId: '1',
      title,
      isWhole,
      ...(isQuestion ? { toolName: 'AskUserQuestion', input: { questions }, answerOption: 'answer' } : {}),
      options: [{ optionId: 'yes', name: 'Allow', kind: 'allow_once' }],
    });
  }

  snapshot(): this {
    return this.event('snapshot', { commit: 'c1', tree: 't1', files: 2, addedLines: 12, removedLines: 3 });
  }

  left(): this {
    return this.event('error', { code: 'ESCAPE', message: 'Its tools wrote to /code/shop/README.md.' });
  }

  exited(outcome: RunOutcome, reason: string): this {
    return this.event('run.exited', { outcome, exitCode: outcome === 'completed' ? 0 : 1, signal: null, reason });
  }

  closed(outcome: RunOutcome, restored: boolean, recoveryHint?: 'resume' | 'restart'): this {
    return this.record('run.closed', {
      runId: RUN,
      outcome,
      restored,
      evidence: 'The machine was restarted while it ran.',
      afterSeq: this.#seq,
      ...(recoveryHint !== undefined && { recoveryHint }),
    });
  }

  /** It went on here while its host was away. */
  continuedHere(): this {
    return this.record('continued.here', {
      worktreePath: '/code/shop/.corral/worktrees/greet',
      port: 20_000,
      openRun: RUN,
    });
  }

  damaged(records: number): this {
    this.facts.damagedRecords = records;
    return this;
  }

  seen(name: string, live: Partial<LiveFacts> = {}, place?: QueuePosition): Situation {
    return { name, session: summarize(this.facts, { checking: false, ...live }, place) };
  }

  #nextTime(): string {
    return new Date(START_MS + this.#minute++ * MINUTE_MS).toISOString();
  }
}

const minutesAgo = (minutes: number): string => new Date(NOW_MS - minutes * MINUTE_MS).toISOString();
const busy = (): Story => new Story().after(85).running();
const busyThere = (): Story => new Story().onHost().after(83).running();

/** Everything that a session's row has to say. */
export const SITUATIONS: readonly Situation[] = [
  new Story().seen('its worktree is being made'),
  new Story().record('worktree.failed', { reason: 'git: no space left on device' }).seen('its worktree failed'),
  new Story().queued().seen('next in the queue', {}, { queuePosition: 1 }),
  new Story().queued().seen('held in the queue', {}, { queuePosition: 2, heldBy: 'waits for “Fix it”' }),
  new Story().queued('n').seen(
    'waits for a usage limit',
    {},
    {
      queuePosition: 1,
      heldBy: 'waits for the usage limit until 14:00',
      waitsUntil: '2026-01-05T13:00:00.000Z',
    },
  ),
  new Story().queued('n').seen(
    'asks at a usage limit',
    {},
    {
      queuePosition: 1,
      heldBy: 'at its usage limit until 14:00: wait, or go on with another agent?',
      waitsUntil: '2026-01-05T13:00:00.000Z',
      asksAboutLimit: true,
    },
  ),
  new Story({ baseCommit: '' })
    .record('run.queued', { runId: RUN, ordinal: 1, prompt: '' })
    .seen('waits for its base', {}, { queuePosition: 1, heldBy: 'waits for “Fix it”' }),
  new Story().started().seen('starting'),
  busy().seen('running'),
  busy().snapshot().seen('running, with changes'),
  new Story().running().seen('running, silent for long'),
  new Story({ group: 'release 2' }).after(85).running().seen('running, compared with others'),
  new Story().running().inBackground(1).seen('running, with 1 background task, silent for long'),
  busy().inBackground(3).seen('running, with 3 background tasks'),
  busy().inBackground(1).inBackground(0).seen('running, after its background task'),
  busy().left().seen('running, left its worktree'),
  new Story().after(84).asked().seen('asks'),
  new Story().after(84).asked('cd src⏎rm -rf .', false).seen('asks what its row cannot show'),
  new Story().after(84).asked('Which?', false, true).seen('asks a question with options'),
  new Story().after(84).asked().left().seen('asks, left its worktree'),
  busyThere().seen('runs on a host', { host: { state: 'connected', since: minutesAgo(5) } }),
  busyThere().seen('its host is away', {
    unreachable: minutesAgo(3),
    host: { state: 'unreachable', since: minutesAgo(3) },
  }),
  busyThere().seen('its host is another machine now', {
    unreachable: minutesAgo(3),
    host: { state: 'unreachable', since: minutesAgo(3), reason: 'Another machine answers' },
  }),
  busyThere().seen('its host is tried again', {
    unreachable: minutesAgo(3),
    host: { state: 'connecting', since: minutesAgo(0) },
  }),
  busyThere()
    .record('stop.requested', { runId: RUN, force: false })
    .seen('is to be stopped when its host is back', {
      unreachable: minutesAgo(3),
      host: { state: 'unreachable', since: minutesAgo(3) },
    }),
  new Story()
    .onHost()
    .after(80)
    .running()
    .exited('completed', 'done')
    .record('deleting', { trashPath: '/home/dev/t', isForgotten: true })
    .seen('is deleted here alone', { host: { state: 'unreachable', since: minutesAgo(3) } }),
  busyThere().continuedHere().seen('went on here while its host was away'),
  busyThere().continuedHere().record('run.leftEnded', { runId: RUN }).seen('went on here, and its host is back'),
  busy().seen('its fate is not known yet', { checking: true }),
  busy().seen('does not answer', { unreachable: minutesAgo(1) }),
  new Story().after(80).running().seen('cannot be read any more', { unreadable: 'EIO: i/o error, read' }),
  {
    name: 'cannot be read',
    session: summarize(emptySession('aaaaaaaaaaaa'), { checking: false, unreadable: 'EACCES: permission denied' }),
  },
  busy().seen('may be gone', { unreachable: minutesAgo(2), maybeGone: true }),
  new Story()
    .queued()
    .seen('held in a queue that may be gone', {}, { queuePosition: 1, heldBy: 'held', maybeGone: true }),
  busy().seen('paused by a full disk', {
    paused: { reason: 'ENOSPC: no space left, write', since: minutesAgo(1), cause: 'diskFull' },
  }),
  busy().seen('paused by a failing disk', {
    paused: { reason: 'EIO: i/o error, fsync', since: minutesAgo(1), cause: 'notWritable' },
  }),
  busy().record('stop.requested', { runId: RUN, force: false }).seen('stopping'),
  new Story().running().snapshot().exited('completed', 'done').seen('completed'),
  busy().inBackground(1).exited('stopped', 'Stopped by you').seen('stopped, with a background task'),
  new Story().running().left().exited('completed', 'done').seen('completed, left its worktree'),
  new Story()
    .running()
    .snapshot()
    .exited('completed', 'done')
    .record('applied', { mode: 'staged', commit: 'c', base: 'b', before: 'd', index: 'e', after: 'f' })
    .record('branch.made', { name: 'corral/greet', commit: 'c' })
    .seen('completed and applied'),
  new Story().running().snapshot().exited('failed', 'No credit').handedOver().seen('handed over, in the queue'),
  new Story().running().exited('completed', 'done').damaged(1).seen('completed, a record is damaged'),
  new Story().running().exited('failed', 'Exit code 1').damaged(3).seen('failed, records are damaged'),
  new Story().running().exited('failed', '').seen('failed without a reason'),
  new Story()
    .started('native-0')
    .event('turn.started', { turn: 1 })
    .exited('failed', 'No conversation found')
    .seen('failed to resume'),
  new Story().running().exited('stopped', 'Stopped by you').seen('stopped'),
  new Story().running().exited('completed', 'done').seen('its repository is not found', { repositoryMissing: true }),
  new Story().running().left().exited('killed', 'Killed by you').seen('killed, left its worktree'),
  new Story().running().exited('interrupted', 'Interrupted').seen('interrupted'),
  new Story().running().closed('crashed', false).seen('crashed'),
  new Story().running().closed('lost', false).seen('lost'),
  new Story().running().snapshot().closed('lost', true, 'resume').seen('cut off, can be resumed'),
  new Story().started().closed('lost', true, 'restart').seen('cut off, can be restarted'),
];
