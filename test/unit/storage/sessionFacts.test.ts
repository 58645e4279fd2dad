import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import * as v from 'valibot';
import { parseFacts } from '../../../src/storage/database/catalog';
import type { DraftEvent, RunOutcome } from '../../../src/storage/events';
import { emptySession, sessionFactsSchema } from '../../../src/storage/sessionFacts';
import { limitedRun } from '../../../src/storage/sessionState';
import { foldEvent, foldRecord } from '../../../src/storage/sessionReducer';

/** Every field, in the order in which catalogs on disk have them. */
const STORED = JSON.stringify({
  sessionId: 's',
  title: 'Title',
  prompt: 'Prompt',
  agent: 'claude',
  repository: '/r',
  baseCommit: 'b',
  worktreePath: '/w',
  permissionMode: 'edits',
  model: 'm',
  argv: ['a'],
  group: 'g',
  imported: { nativeSessionId: 'n', backendType: 'claude', source: '/f', cwd: '/c' },
  port: 4000,
  dependsOn: ['d'],
  planned: { baseSession: 'd', location: 'inside', include: ['.env'], link: ['node_modules'] },
  worktree: 'deleted',
  worktreeFailure: 'No space',
  trashPath: '/t',
  notCaptured: ['nested'],
  applied: { mode: 'commits', commit: 'c', base: 'b', before: 'x', index: 'i', after: 'y', conflicts: ['f'] },
  branch: { name: 'topic', commit: 'c' },
  archived: true,
  createdAt: '2026-03-01T08:00:00.000Z',
  lastActivityAt: '2026-03-01T08:00:09.000Z',
  damagedRecords: 1,
  runs: [
    {
      runId: 'r',
      ordinal: 1,
      prompt: 'Prompt',
      isTeardown: true,
      resumes: 'n',
      handOver: { agent: 'codex', model: 'm' },
      waitsFor: {
        notBefore: '2026-03-01T14:00:00.000Z',
        account: 'claude',
        window: 'five_hour',
        attempt: 2,
        asks: true,
      },
      limit: { resetsAt: '2026-03-01T19:00:00.000Z', window: 'seven_day' },
      eventState: 'waiting',
      since: '2026-03-01T08:00:03.000Z',
      reason: 'Why',
      queuedAt: '2026-03-01T08:00:01.000Z',
      rank: 1.5,
      startedAt: '2026-03-01T08:00:02.000Z',
      endedAt: '2026-03-01T08:00:08.000Z',
      stopRequestedAt: '2026-03-01T08:00:07.000Z',
      killRequested: true,
      closed: {
        outcome: 'lost',
        restored: true,
        evidence: 'Gone',
        recoveryHint: 'resume',
        timestamp: '2026-03-01T08:00:09.000Z',
        afterSeq: 4,
      },
      nativeSessionId: 'n',
      backendType: 'claude',
      model: 'm',
      pendingPermissions: [
        {
          requestId: 'p',
          title: 'ls',
          options: [{ optionId: 'o', name: 'Allow', kind: 'allow_once' }],
          timestamp: '2026-03-01T08:00:03.000Z',
        },
      ],
      turn: 2,
      eventCount: 4,
      lastEventAt: '2026-03-01T08:00:06.000Z',
      usage: { inputTokens: 1, outputTokens: 2, cachedTokens: 3, costUsd: 0.5 },
      context: { usedTokens: 7, limitTokens: 9 },
      backgroundTasks: 2,
      changes: { files: 1, addedLines: 2, removedLines: 3 },
      escape: 'Changed /etc',
    },
  ],
});

describe('session facts', () => {
  it('reads what catalogs on disk hold, and stores the same bytes', () => {
    assert.equal(JSON.stringify(parseFacts(STORED)), STORED);
  });

  it('are equal bytes whichever journal was read first', () => {
    const timestamp = '2026-03-01T08:00:00.000Z';
    const queued = () =>
      ({
        kind: 'run.queued',
        data: { runId: 'r', ordinal: 1, prompt: 'P', resumes: 'n' },
        seq: 2,
        timestamp,
      }) as const;
    const exited = () =>
      ({
        kind: 'run.exited',
        data: { outcome: 'failed', exitCode: 1, signal: null, reason: 'No' },
        id: 1,
        sessionId: 's',
        runId: 'r',
        seq: 1,
        timestamp,
      }) as const;
    const [first, second] = [emptySession('s'), emptySession('s')];
    foldRecord(first, queued());
    foldEvent(first, exited());
    foldEvent(second, exited());
    foldRecord(second, queued());
    const [a, b] = [first, second].map((facts) => JSON.stringify(v.parse(sessionFactsSchema, facts)));
    assert.equal(a, b);
  });

  it('know that a usage limit ended the last turn, until there is another turn or another reason', () => {
    const limit = { resetsAt: '2026-03-01T14:00:00.000Z' };
    const met: DraftEvent[] = [
      { kind: 'turn.started', data: { turn: 1 } },
      { kind: 'error', data: { message: 'The limit is reached', limit } },
    ];
    const failed: DraftEvent = { kind: 'turn.ended', data: { turn: 1, stopReason: 'api_error', failed: true } };
    const ended = (outcome: RunOutcome): DraftEvent => ({
      kind: 'run.exited',
      data: { outcome, exitCode: 1, signal: null, reason: 'Why' },
    });
    const after = (...drafts: DraftEvent[]): unknown => {
      const facts = emptySession('s');
      facts.worktree = 'present';
      for (const [index, draft] of drafts.entries()) {
        const place = { id: index, sessionId: 's', runId: 'r', seq: index + 1, timestamp: '2026-03-01T08:00:00.000Z' };
        foldEvent(facts, { ...draft, ...place });
      }
      return limitedRun(facts)?.limit;
    };
    assert.deepEqual(after(...met, failed, ended('failed')), limit);
    assert.deepEqual(after(...met, ended('crashed')), limit, 'its program died of it');
    assert.equal(after(...met, failed), undefined, 'it can go on by itself');
    for (const outcome of ['stopped', 'killed', 'interrupted', 'completed'] as const)
      assert.equal(after(...met, failed, ended(outcome)), undefined, outcome);
    assert.equal(after(...met, { kind: 'turn.started', data: { turn: 2 } }, ended('failed')), undefined);
    const passed: DraftEvent = { kind: 'turn.ended', data: { turn: 1, stopReason: 'end_turn', failed: false } };
    assert.equal(after(...met, passed, ended('failed')), undefined, 'paid usage let it through');
  });
});
