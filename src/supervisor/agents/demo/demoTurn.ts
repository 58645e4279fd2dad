import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { access } from 'node:fs/promises';
import { resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { addLine, readFileOf } from './demoFiles';
import type { DemoPrompt, Step } from './demoScript';
import { parseCommand, parseScript, story } from './demoScript';
import type { DemoWire } from './demoWire';

export interface DemoOptions {
  sessionId: string;
  model: string;
  /** Claude's name of the permission mode. An answer that always allows may change it. */
  mode: string;
  /** Divides the duration of all waits. */
  speed: number;
  allowedCommands: Set<string>;
}

interface Answer {
  isAllowed: boolean;
  isAlways: boolean;
  message: string;
}

/** The rest of a command's output is dropped. */
const MAX_OUTPUT_CHARACTERS = 65_536;

class Interrupted extends Error {}

/** One turn, which runs the steps of one prompt. */
export class DemoTurn {
  readonly #wire: DemoWire;
  readonly #options: DemoOptions;
  readonly #abort = new AbortController();
  #pending: { requestId: string; settle: (answer: Answer) => void } | undefined;
  #isInputOpen = true;
  #stepCount = 0;
  #lastText = '';

  constructor(wire: DemoWire, options: DemoOptions) {
    this.#wire = wire;
    this.#options = options;
  }

  /** Resolves to true when the turn has failed. */
  async play(prompt: DemoPrompt): Promise<boolean> {
    this.#wire.init({ model: this.#options.model, permissionMode: this.#options.mode });
    this.#wire.echo(prompt.text, prompt.uuid);
    if (prompt.pictures > 0) this.#wire.streamed(`I see ${prompt.pictures} attached picture(s).`);
    try {
      for (const step of parseScript(prompt.text) ?? story(prompt.text, await firstFile())) {
        this.#throwIfInterrupted();
        this.#stepCount += 1;
        if (step.verb === 'fail') {
          if (step.limitSeconds !== undefined) this.#wire.usageLimit(step.limitSeconds);
          this.#wire.apiError(step.text, step.limitSeconds === undefined ? 'server_error' : 'rate_limit');
          this.#wire.result({
            isError: true,
            subtype: 'success',
            terminalReason: 'api_error',
            text: step.text,
            turns: this.#stepCount,
          });
          return true;
        }
        await this.#step(step);
      }
      this.#wire.result({
        isError: false,
        subtype: 'success',
        terminalReason: 'completed',
        text: this.#lastText,
        turns: this.#stepCount,
        outputTokens: this.#stepCount * 40,
      });
      return false;
    } catch (error) {
      if (!(error instanceof Interrupted)) throw error;
      this.#wire.userNote('[Request interrupted by user]');
      this.#wire.result({
        isError: true,
        subtype: 'error_during_execution',
        terminalReason: 'aborted_streaming',
        errors: ['interrupted'],
        turns: this.#stepCount,
      });
      return true;
    }
  }

  interrupt(): void {
    this.#abort.abort();
    const pending = this.#pending;
    if (pending === undefined) return;
    this.#wire.write({ type: 'control_cancel_request', request_id: pending.requestId });
    pending.settle({ isAllowed: false, isAlways: false, message: 'Interrupted' });
  }

  answer(requestId: string, answer: Answer): void {
    if (this.#pending?.requestId === requestId) this.#pending.settle(answer);
  }

  endOfInput(): void {
    this.#isInputOpen = false;
    this.#pending?.settle({ isAllowed: false, isAlways: false, message: 'Nobody is there to answer' });
  }

  async #step(step: Exclude<Step, { verb: 'fail' }>): Promise<void> {
    // In plan mode it only reads and speaks.
    if (this.#options.mode === 'plan' && ['edit', 'run', 'ask'].includes(step.verb)) return;
    switch (step.verb) {
      case 'talk':
        this.#lastText = step.text;
        this.#wire.streamed(step.text);
        return;
      case 'think':
        this.#wire.assistant({ type: 'thinking', thinking: step.text, signature: '' });
        return;
      case 'plan': {
        const callId = this.#call('TodoWrite', { todos: step.entries });
        this.#wire.toolResult(callId, { output: 'The plan was updated.', isError: false });
        return;
      }
      case 'read': {
        const callId = this.#call('Read', { file_path: resolve(step.text) });
        this.#wire.toolResult(callId, await readFileOf(resolve(step.text)));
        return;
      }
      case 'edit':
        return this.#edit(resolve(step.file), step.line);
      case 'run':
        return this.#run(this.#callCommand(step.text), step.text);
      case 'ask':
        return this.#ask(step.text);
      case 'slow':
        return this.#count(step.count, step.everyMs);
      case 'wait':
        return this.#wait(step.durationMs ?? 2 ** 31 - 1, step.durationMs === undefined);
      case 'crash':
        return process.exit(step.exitCode);
      case 'ignore-signals':
        for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
          process.removeAllListeners(signal).on(signal, () => undefined);
        return;
      default:
        step satisfies never;
    }
  }

  async #edit(path: string, line: string): Promise<void> {
    const change = await addLine(path, line);
    if (change === undefined) {
      const refused = 'The file cannot be edited: it lies outside of the working directory, or is no text file.';
      this.#wire.toolResult(this.#call('Write', { file_path: path, content: line }), {
        output: refused,
        isError: true,
      });
      return;
    }
    const callId = this.#call(change.tool, change.input);
    if (this.#options.mode === 'default') {
      const answer = await this.#request(callId, change.tool, change.input, [
        { type: 'setMode', mode: 'acceptEdits', destination: 'session' },
      ]);
      if (!answer.isAllowed) {
        this.#refuse(callId, answer);
        return;
      }
      if (answer.isAlways) this.#options.mode = 'acceptEdits';
    }
    await change.write();
    this.#wire.toolResult(callId, {
      output: `The file ${path} has been updated.`,
      isError: false,
      structured: change.structured,
    });
  }

  async #ask(command: string): Promise<void> {
    const callId = this.#callCommand(command);
    if (this.#options.mode !== 'bypassPermissions' && !this.#options.allowedCommands.has(command)) {
      const suggestions = [
        {
          type: 'addRules',
          rules: [{ toolName: 'Bash', ruleContent: command }],
          behavior: 'allow',
          destination: 'localSettings',
        },
      ];
      const answer = await this.#request(callId, 'Bash', { command, description: 'Run a command' }, suggestions);
      if (!answer.isAllowed) {
        this.#refuse(callId, answer);
        return;
      }
      if (answer.isAlways) this.#options.allowedCommands.add(command);
    }
    await this.#run(callId, command);
  }

  async #request(callId: string, toolName: string, input: object, suggestions: object[]): Promise<Answer> {
    const requestId = randomUUID();
    const answered = new Promise<Answer>((settle) => {
      this.#pending = { requestId, settle };
    });
    this.#wire.write({
      type: 'control_request',
      request_id: requestId,
      request: {
        subtype: 'can_use_tool',
        tool_name: toolName,
        input,
        permission_suggestions: suggestions,
        tool_use_id: callId,
      },
    });
    if (!this.#isInputOpen) this.endOfInput();
    const answer = await answered;
    this.#pending = undefined;
    return answer;
  }

  #refuse(callId: string, answer: Answer): void {
    this.#wire.toolResult(callId, { output: answer.message, isError: true, isDenied: true });
    this.#throwIfInterrupted();
  }

  async #run(callId: string, command: string): Promise<void> {
    const [program = '', ...words] = parseCommand(command);
    const env = { ...process.env };
    delete env['ELECTRON_RUN_AS_NODE'];
    let output = '';
    const exit = await new Promise<string>((settle) => {
      const child = spawn(program, words, {
        env,
        stdio: ['ignore', 'pipe', 'pipe'],
        windowsHide: true,
        signal: this.#abort.signal,
      });
      const keep = (data: Buffer): void => {
        if (output.length < MAX_OUTPUT_CHARACTERS) output += data.toString();
      };
      child.stdout.on('data', keep);
      child.stderr.on('data', keep);
      child.on('error', (error) => settle(error.message));
      child.on('close', (code, signal) => settle(code === 0 ? '' : `Exit code ${code ?? signal}`));
    });
    const text = [exit, output.trimEnd()].filter((part) => part !== '').join('\n');
    this.#wire.toolResult(callId, { output: text === '' ? '(no output)' : text, isError: exit !== '' });
    this.#throwIfInterrupted();
  }

  async #count(count: number, everyMs: number): Promise<void> {
    for (let index = 1; index <= count; index++) {
      if (everyMs > 0) await this.#wait(everyMs);
      else this.#throwIfInterrupted();
      this.#wire.assistant({ type: 'text', text: `event ${index} of ${count}` });
      // Lets stdin be read, so that a flood can be interrupted.
      if (index % 100 === 0) await pause(0);
      await this.#wire.drained();
    }
  }

  async #wait(durationMs: number, isEndless = false): Promise<void> {
    try {
      await pause(isEndless ? durationMs : durationMs / this.#options.speed, undefined, { signal: this.#abort.signal });
    } catch {
      throw new Interrupted();
    }
  }

  #call(name: string, input: object): string {
    const callId = `toolu_${randomUUID()}`;
    this.#wire.assistant({ type: 'tool_use', id: callId, name, input });
    return callId;
  }

  #callCommand(command: string): string {
    return this.#call('Bash', { command, description: 'Run a command' });
  }

  #throwIfInterrupted(): void {
    if (this.#abort.signal.aborted) throw new Interrupted();
  }
}

/** A file of the working directory that is worth reading. */
async function firstFile(): Promise<string | undefined> {
  for (const name of ['README.md', 'README', 'package.json', 'pyproject.toml', 'Cargo.toml', 'go.mod']) {
    try {
      await access(name);
      return name;
    } catch {
      // It does not exist.
    }
  }
  return undefined;
}
