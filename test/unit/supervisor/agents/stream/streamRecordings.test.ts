import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import * as v from 'valibot';
import type { RunOutcome } from '../../../../../src/storage/events';
import { streamDriver } from '../../../../../src/supervisor/agents/stream/streamDriver';
import { conversationRequest, RecordingHost } from '../../../../support/agents/agentHarness';
import { goldenText } from '../../../../support/goldenText';
import type { Replay } from '../../../../support/agents/recording';
import {
  assertComplete,
  goldenPath,
  readRecording,
  recordingNames,
  replayText,
} from '../../../../support/agents/recording';

const names = recordingNames(/^(codex|gemini|opencode|goose)-(?!app-|.*acp-)/);

const lineSchema = v.object({ dir: v.picklist(['in', 'out', 'note']), msg: v.unknown() });
const rawSchema = v.object({ raw: v.string() });
const exitSchema = v.object({ exit: v.nullable(v.number()), signal: v.nullable(v.string()) });

interface Exit {
  exit: number | null;
  signal: string | null;
}

/** How the program ended. Recordings of output alone do not contain it, so that it was measured separately. */
function exitOf(name: string): Exit {
  const [, signal] = /-(?:signal|norelaunch|group)-(SIG[A-Z]+)/.exec(name) ?? [];
  // Gemini and Goose exit with 0 after SIGINT, and Codex with 1. Gemini also handles SIGTERM.
  if (
    signal !== undefined &&
    signal !== 'SIGKILL' &&
    (name.startsWith('gemini') || (name.startsWith('goose') && signal === 'SIGINT'))
  )
    return { exit: 0, signal: null };
  if (signal === 'SIGINT' && name.startsWith('codex')) return { exit: 1, signal: null };
  if (signal !== undefined) return { exit: null, signal };
  if (/resume-unknown|session-dup/.test(name)) return { exit: name.startsWith('gemini') ? 42 : 1, signal: null };
  if (name.startsWith('goose') && /mode-(approve|smart_approve)/.test(name)) return { exit: 1, signal: null };
  // They were still repeating their request when they were killed.
  if (/^(gemini|opencode)-(error500|overloaded|rate)$|^opencode-(cut|stream-error)$/.test(name))
    return { exit: null, signal: 'SIGKILL' };
  if (name === 'gemini-auth') return { exit: 145, signal: null };
  if (name === 'gemini-badrequest') return { exit: 144, signal: null };
  if (/-(auth|badrequest|error500|overloaded|rate|cut|stream-error)$/.test(name) && !/^(goose|gemini)/.test(name))
    return { exit: 1, signal: null };
  return { exit: 0, signal: null };
}

async function replay(name: string): Promise<Replay> {
  const [program = ''] = name.split('-');
  const host = new RecordingHost();
  const resumes = /resume/.test(name) ? { resumes: 'earlier' } : {};
  const conversation = streamDriver.createConversation(
    conversationRequest({ argv: [`/usr/bin/${program}`, 'run', '--name', 'corral-1'], ...resumes }),
    host,
  );
  conversation.start();
  let exit = exitOf(name);
  for (const line of await readRecording(name)) {
    const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), lineSchema), line);
    if (!parsed.success) conversation.readLine('stdout', line);
    else if (parsed.output.dir === 'note' && v.is(exitSchema, parsed.output.msg)) exit = parsed.output.msg;
    else if (parsed.output.dir === 'out')
      conversation.readLine(
        'stdout',
        v.is(rawSchema, parsed.output.msg) ? parsed.output.msg.raw : JSON.stringify(parsed.output.msg),
      );
  }
  const ending = conversation.end({ exitCode: exit.exit, signal: exit.signal, asked: undefined, stderrTail: '' });
  return { host, ...ending };
}

/** All others have completed. */
const OUTCOMES: readonly (readonly [RunOutcome, RegExp])[] = [
  [
    'failed',
    /^codex-(auth|badrequest|cut|error500|overloaded|rate|resume-unknown|stream-error|signal-SIGINT-sleep-shell)$/,
  ],
  ['failed', /^gemini-(auth|badrequest|cut|resume-unknown|session-dup|sig-.*)$/],
  [
    'failed',
    /^goose-(auth|badrequest|cut|overloaded|stream-error|resume-unknown|mode-approve|mode-smart_approve|signal-SIGINT-sleep-shell)$/,
  ],
  // Not started like this by the driver: another format, and an id that causes an error.
  ['failed', /^goose-(json|new-id)$/],
  ['failed', /^opencode-(auth|badrequest|perm-ask|refusal|resume-unknown|write-outside)$/],
  ['crashed', /-signal-SIG(HUP|KILL|TERM)-|^opencode-signal-SIGINT-|^gemini-signal-/],
  ['crashed', /^(gemini|opencode)-(error500|overloaded)$|^gemini-rate$|^opencode-stream-error$/],
];

/** Goose prints a banner without `--quiet`, and its other format is JSON over many lines. */
const WITH_OTHER_LINES = /^goose-(json|plain|resume-unknown|signal-.*|stdin-open)$/;

describe('stream, recorded', () => {
  for (const name of names) {
    it(`makes the agreed events and outcome of ${name}`, async () => {
      const result = await replay(name);
      const expected = OUTCOMES.find(([, fits]) => fits.test(name))?.[0] ?? 'completed';
      assert.equal(result.outcome, expected, result.reason);
      if (!WITH_OTHER_LINES.test(name)) assertComplete(result);
      await goldenText(goldenPath(name), replayText(result));
    });
  }
});
